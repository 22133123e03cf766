/* SPDX-License-Identifier: MIT */
/* dtuctl diff. */
#include <stdio.h>
#include <string.h>

#include "apply.h"
#include "commands.h"
#include "copy.h"
#include "output.h"

/* STATUS_REFUSED, 1, says that they differ. */
enum { DIFFER = STATUS_REFUSED, CANNOT = STATUS_USAGE };

/* Shows each row that differs. `all`: also what `to` does not name. */
static int compare(const struct conf *from, const struct conf *to, bool all)
{
    int status = STATUS_DONE;

    for (const struct dtu_param *row = NULL; (row = conf_next_row(to, row)) != NULL;) {
        bool in_both = conf_knows(from, row) && conf_knows(to, row);
        bool in_one = !in_both && (conf_knows(to, row) || (all && conf_knows(from, row)));
        if (!in_one &&
            (!in_both || dtu_params_same(&from->params, &to->params, DTU_PARAMS_PENDING, row)))
            continue;
        apply_show_row(from, to, row, stdout);
        status = DIFFER;
    }
    return status;
}

/* --- Two files ------------------------------------------------------------------------------ */

/* Which product both are for. NULL: a message was printed. */
static const struct dtu_profile *common_profile(const struct options *o, const struct conf_text *a,
                                                const struct conf_text *b)
{
    bool wrong_a, wrong_b;
    const struct dtu_profile *first = conf_text_profile(a, &wrong_a);
    const struct dtu_profile *second = conf_text_profile(b, &wrong_b);

    if (wrong_a || wrong_b)
        return NULL;
    if (first == NULL)
        first = second != NULL ? second : o->profile;
    if (first == NULL)
        complain("%s: which product is it for? --profile is needed, or a line such as "
                 "# profile %s",
                 a->name, dtu_profile_at(0)->name);
    return first; /* the reader refuses another one */
}

static int compare_texts(const struct options *o, const struct conf_text *a,
                         const struct conf_text *b)
{
    static struct conf from, to;
    const struct dtu_profile *profile = common_profile(o, a, b);

    if (profile == NULL)
        return CANNOT;
    conf_init(&from, profile);
    conf_init(&to, profile);
    if (!conf_read(&from, a) || !conf_read(&to, b))
        return CANNOT;
    return compare(&from, &to, true);
}

static int compare_files(const struct options *o)
{
    struct conf_text a, b;
    int status = CANNOT;

    if (strcmp(o->words[0], "-") == 0 && strcmp(o->words[1], "-") == 0) {
        complain("only one of the two files can be standard input: the second would be empty");
        return CANNOT;
    }
    if (!conf_text_load(&a, o->words[0]))
        return CANNOT;
    if (conf_text_load(&b, o->words[1])) {
        status = compare_texts(o, &a, &b);
        conf_text_free(&b);
    }
    conf_text_free(&a);
    return status;
}

/* --- A module and a file -------------------------------------------------------------------- */

static int compare_module(const struct options *o)
{
    static struct apply apply;
    struct conf_text text;
    int status;

    if (!conf_text_load(&text, o->words[0]))
        return CANNOT;
    status = apply_open(&apply, o, &text);
    if (status == STATUS_DONE) {
        status = apply_close(&apply, compare(&apply.now, &apply.want, false));
    } else if (status == STATUS_REFUSED) {
        status = CANNOT;
    }
    conf_text_free(&text);
    return status;
}

int command_diff(const struct options *o)
{
    return o->word_count == 2 ? compare_files(o) : compare_module(o);
}
