/* SPDX-License-Identifier: MIT */
/* dtuctl restore. */
#include <stdio.h>

#include "apply.h"
#include "commands.h"
#include "confirm.h"
#include "output.h"

/* Where nothing differs an earlier restore may have been cut off when all was written and nothing
 * saved: a module does not tell. */
static int ask(const struct apply *a)
{
    char question[PIPE_NAME_SIZE + 100];
    const char *name = a->session.pipe.name;
    int status;

    if (a->options->yes)
        return STATUS_DONE;
    if (a->step_count > 0)
        snprintf(question, sizeof question, "Write this to %s and restart it?", name);
    else
        snprintf(question, sizeof question,
                 "Save and restart %s, for an earlier restore was cut off?", name);
    status = confirm(question);
    if (status == STATUS_REFUSED && a->step_count > 0)
        complain("%s: nothing was written", name);
    return status;
}

static int restore(struct apply *a)
{
    size_t count = a->step_count;
    int status;

    apply_show(a, stdout);
    fflush(stdout);
    if (count == 0)
        complain("%s: nothing differs that a command can set", a->session.pipe.name);
    if (a->options->dry_run)
        return a->impossible == 0 ? STATUS_DONE : STATUS_REFUSED;
    status = ask(a);
    if (status == STATUS_REFUSED && count == 0) /* there is nothing to do */
        return a->impossible == 0 ? STATUS_DONE : STATUS_REFUSED;
    if (status == STATUS_DONE)
        status = apply_write(a);
    if (status == STATUS_DONE)
        printf("%s: %zu written; %srestarted; read back as asked\n", a->session.pipe.name, count,
               a->is_saved ? "saved; " : "");
    return status;
}

int command_restore(const struct options *o)
{
    static struct apply apply;
    struct conf_text text;
    int status;

    if (!conf_text_load(&text, o->words[0]))
        return STATUS_REFUSED;
    status = apply_open(&apply, o, &text);
    if (status == STATUS_DONE) {
        status = restore(&apply);
        apply_close(&apply);
    }
    conf_text_free(&text);
    return status;
}
