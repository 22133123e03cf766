/* SPDX-License-Identifier: MIT */
/* dtuctl provision. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "apply.h"
#include "commands.h"
#include "confirm.h"
#include "csv.h"
#include "output.h"

enum { NAME_SIZE = 400, HOST_COLUMN_LEN = 4, UDP_PORT = 48899 };

static const char host_column[] = "host";

/* One module of the list. */
struct row {
    struct row *next;
    char *host;
    struct endpoint udp;
    char *name;            /* of its configuration, for messages */
    struct conf_text text; /* with the columns filled in */
    uint64_t print;        /* a fingerprint of the text */
};

struct job {
    const struct options *options;
    struct conf_text pattern;
    struct conf_text list;
    struct csv csv;
    struct row *rows, *last;
    size_t count;
    struct conf_text results; /* of earlier runs */
    char *results_name;
    FILE *results_file; /* where those of this run go; NULL: nowhere */
    size_t done;        /* rows, earlier ones too */
};

/* --- Filling in ----------------------------------------------------------------------------- */

/* FNV-1a. */
static uint64_t fingerprint(const char *text, size_t len)
{
    uint64_t sum = UINT64_C(0xCBF29CE484222325);
    for (size_t i = 0; i < len; i++)
        sum = (sum ^ (uint8_t)text[i]) * UINT64_C(0x100000001B3);
    return sum;
}

/* How long the name of a column is that begins here and is closed; 0: it is none. */
static size_t name_len(const char *at)
{
    size_t len = strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");
    return at[len] == '}' ? len : 0;
}

/* What stands for "{name}" at `at`, behind the brace. NULL: a message was printed. */
static const char *value_of(const struct job *j, const char *at, size_t len)
{
    const char *value = csv_field(&j->csv, at, len);

    if (value == NULL)
        complain("%s: {%.*s}: %s has no such column", j->pattern.name, (int)len, at, j->csv.name);
    else if (strpbrk(value, "\r\n") != NULL)
        complain("%s:%u: %.*s: a line end in a value", j->csv.name, j->csv.line, (int)len, at);
    else
        return value;
    return NULL;
}

static void put(FILE *out, const char *text)
{
    fputs(text, out);
}

/* "{name}" becomes the value, "{{" a brace; any other brace is itself. */
static bool fill_in(const struct job *j, FILE *out)
{
    const char *at = j->pattern.text;

    while (*at != '\0') {
        size_t plain = strcspn(at, "{"), len;
        const char *value;
        fwrite(at, 1, plain, out);
        at += plain;
        if (*at == '\0')
            break;
        at++;
        len = name_len(at);
        if (len == 0) {
            putc('{', out);
            at += *at == '{';
            continue;
        }
        value = value_of(j, at, len);
        if (value == NULL)
            return false;
        put(out, value);
        at += len + 1;
    }
    return true;
}

/* --- Reading the list ----------------------------------------------------------------------- */

static bool fill_row(struct job *j, struct row *row)
{
    FILE *out = open_memstream(&row->text.text, &row->text.len);
    bool done;

    if (out == NULL) {
        complain("%s", strerror(errno));
        return false;
    }
    done = fill_in(j, out);
    if (fclose(out) != 0 || !done)
        return false;
    row->print = fingerprint(row->text.text, row->text.len);
    return true;
}

/* Of a text that does not say what it is for, the module will. */
static bool check_row(const struct job *j, const struct row *row)
{
    static struct conf conf;
    bool wrong;
    const struct dtu_profile *profile = conf_text_profile(&row->text, &wrong);

    if (wrong)
        return false;
    if (profile == NULL)
        profile = j->options->profile != NULL ? j->options->profile : &dtu_profile_k7;
    conf_init(&conf, profile);
    return conf_read(&conf, &row->text);
}

static bool is_listed(const struct job *j, const struct endpoint *udp)
{
    for (const struct row *row = j->rows; row != NULL; row = row->next)
        if (strcmp(row->udp.host, udp->host) == 0 && row->udp.port == udp->port)
            return true;
    return false;
}

static bool parse_host(struct job *j, struct row *row)
{
    const char *host = csv_field(&j->csv, host_column, HOST_COLUMN_LEN);
    char name[NAME_SIZE];

    if (!options_endpoint(&row->udp, host, UDP_PORT)) {
        complain("%s:%u: %s is not HOST[:PORT]", j->csv.name, j->csv.line, host_column);
        return false;
    }
    if (is_listed(j, &row->udp)) {
        complain("%s:%u: %s is there twice", j->csv.name, j->csv.line, row->udp.host);
        return false;
    }
    snprintf(name, sizeof name, "%s (%s:%u)", j->pattern.name, j->csv.name, j->csv.line);
    row->host = strdup(host);
    row->name = strdup(name);
    row->text.name = row->name;
    return row->host != NULL && row->name != NULL;
}

static bool add_row(struct job *j)
{
    struct row *row = calloc(1, sizeof *row);

    if (row == NULL)
        return false;
    if (!parse_host(j, row)) {
        free(row->name);
        free(row->host);
        free(row);
        return false;
    }
    row->udp.text = row->host;
    if (j->last != NULL)
        j->last->next = row;
    else
        j->rows = row;
    j->last = row;
    j->count++;
    return fill_row(j, row) && check_row(j, row);
}

static bool has_hosts(const struct job *j)
{
    for (size_t i = 0; i < j->csv.column_count; i++)
        if (strcmp(j->csv.columns[i], host_column) == 0)
            return true;
    complain("%s: a column \"%s\" is needed: where each module is", j->csv.name, host_column);
    return false;
}

/* All rows are looked at, so that all faults are told. */
static bool read_rows(struct job *j)
{
    bool good = true;

    if (!csv_begin(&j->csv, j->list.name, j->list.text) || !has_hosts(j))
        return false;
    for (;;) {
        enum csv_event event = csv_next(&j->csv);
        if (event == CSV_ROW)
            good = add_row(j) && good;
        if (event == CSV_WRONG)
            return false;
        if (event == CSV_END)
            break;
    }
    if (good && j->count == 0)
        complain("%s: no module is listed", j->csv.name);
    return good && j->count > 0;
}

/* --- Results -------------------------------------------------------------------------------- */

/* A line of the file of results. */
static void format_result(char *out, size_t size, const struct row *row, const char *result)
{
    snprintf(out, size, "%s,%s,%016" PRIx64 "\n", row->host, result, row->print);
}

/* The last line of the row's host counts: an earlier one may be of another configuration. */
static bool is_done(const struct job *j, const struct row *row)
{
    const size_t host_len = strlen(row->host);
    char line[NAME_SIZE];
    bool done = false;

    format_result(line, sizeof line, row, "done");
    for (const char *at = j->results.text; at != NULL && *at != '\0';) {
        const char *end = strchr(at, '\n');
        if (strncmp(at, row->host, host_len) == 0 && at[host_len] == ',')
            done = strncmp(at, line, strlen(line)) == 0;
        at = end != NULL ? end + 1 : NULL;
    }
    return done;
}

/* At once, so that it is there whatever ends this program. */
static bool keep_result(const struct job *j, const struct row *row, const char *result)
{
    char line[NAME_SIZE];

    if (j->results_file == NULL)
        return true;
    format_result(line, sizeof line, row, result);
    if (fputs(line, j->results_file) >= 0 && fflush(j->results_file) == 0)
        return true;
    complain("%s: %s", j->results_name, strerror(errno));
    return false;
}

static bool load_results(struct job *j)
{
    size_t size = strlen(j->options->csv) + sizeof ".result";

    j->results_name = malloc(size);
    if (j->results_name == NULL)
        return false;
    snprintf(j->results_name, size, "%s.result", j->options->csv);
    return access(j->results_name, F_OK) != 0 || conf_text_load(&j->results, j->results_name);
}

static bool open_results(struct job *j)
{
    if (j->options->dry_run)
        return true;
    j->results_file = fopen(j->results_name, "ae");
    if (j->results_file == NULL) {
        complain("%s: %s", j->results_name, strerror(errno));
        return false;
    }
    /* Two at once would take the session of a module from each other. Where files cannot be locked
     * it is up to the user. */
    if (flock(fileno(j->results_file), LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    complain("%s: another dtuctl is at work on this list", j->options->csv);
    return false;
}

/* --- Modules -------------------------------------------------------------------------------- */

static const char *result_of(int status)
{
    switch (status) {
    case STATUS_DONE:
        return "done";
    case STATUS_SILENT:
        return "no answer";
    case STATUS_REFUSED:
    case STATUS_USAGE:
        return "failed";
    default:
        return "interrupted";
    }
}

static int apply_row(struct apply *a, const struct options *own, const struct row *row,
                     size_t *count)
{
    int status = apply_open(a, own, &row->text);

    *count = 0;
    if (status != STATUS_DONE)
        return status;
    *count = a->step_count;
    if (own->dry_run)
        apply_show(a, stdout);
    else
        status = apply_write(a);
    return apply_close(a, status);
}

static int do_row(struct job *j, const struct row *row)
{
    static struct apply apply;
    static struct options own;
    size_t count;
    int status;

    own = *j->options;
    own.udp = row->udp;
    status = apply_row(&apply, &own, row, &count);
    if (own.dry_run)
        printf("%s: %s, %zu to write\n", row->host,
               status == STATUS_DONE ? "would be done" : result_of(status), count);
    else if (status == STATUS_DONE)
        printf("%s: done, %zu written\n", row->host, count);
    else
        printf("%s: %s\n", row->host, result_of(status));
    fflush(stdout);
    if (!keep_result(j, row, result_of(status)))
        return STATUS_REFUSED;
    return status;
}

/* A refusal is graver than a silence, and the end graver than both. */
static int worse(int a, int b)
{
    if (a > STATUS_SIGNAL || b > STATUS_SIGNAL)
        return a > b ? a : b;
    if (a == STATUS_DONE || b == STATUS_DONE)
        return a > b ? a : b;
    return a < b ? a : b;
}

static int do_rows(struct job *j)
{
    int worst = STATUS_DONE;

    for (const struct row *row = j->rows; row != NULL && worst < STATUS_SIGNAL; row = row->next) {
        int status = STATUS_DONE;
        if (is_done(j, row)) {
            printf("%s: done before\n", row->host);
        } else {
            status = do_row(j, row);
            worst = worse(worst, status);
        }
        j->done += status == STATUS_DONE;
    }
    if (!j->options->dry_run)
        printf("%zu of %zu done\n", j->done, j->count);
    return worst;
}

/* --- The command ---------------------------------------------------------------------------- */

static int ask_and_do(struct job *j)
{
    char question[100];
    int status = STATUS_DONE;

    snprintf(question, sizeof question,
             j->count == 1 ? "Write to 1 module and restart it?"
                           : "Write to %zu modules and restart them?",
             j->count);
    if (!j->options->yes && !j->options->dry_run)
        status = confirm(question);
    if (status != STATUS_DONE)
        return status;
    return open_results(j) ? do_rows(j) : STATUS_REFUSED;
}

static void close_job(struct job *j)
{
    struct row *next;

    for (struct row *row = j->rows; row != NULL; row = next) {
        next = row->next;
        free(row->text.text);
        free(row->name);
        free(row->host);
        free(row);
    }
    if (j->results_file != NULL)
        fclose(j->results_file);
    free(j->results_name);
    conf_text_free(&j->results);
    conf_text_free(&j->list);
    conf_text_free(&j->pattern);
}

int command_provision(const struct options *o)
{
    struct job job = {.options = o};
    int status = STATUS_REFUSED;

    if (strcmp(o->csv, "-") == 0) {
        complain("--csv takes a file: the results are kept beside it");
        return STATUS_USAGE;
    }
    if (conf_text_load(&job.pattern, o->words[0]) && conf_text_load(&job.list, o->csv)) {
        status = STATUS_USAGE;
        if (read_rows(&job))
            status = load_results(&job) ? ask_and_do(&job) : STATUS_REFUSED;
    }
    close_job(&job);
    return status;
}
