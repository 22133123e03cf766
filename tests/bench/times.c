/* SPDX-License-Identifier: MIT */
/*
 * The cases take turns in each round, and the best round of each counts: what else the machine does
 * makes a case slower, never faster. memcpy is timed in the same run, and all else goes by it.
 */
#include "times.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define ROUND_S 0.05
#define BATCH_S 0.001 /* of passes between two looks at the clock */

#define CASES_MAX 64 /* that can be timed */

struct timed {
    const struct bench *bench;
    const struct bench_case *c;
    double best; /* passes a second */
    double len;  /* bytes of a pass */
};

static struct timed timed[CASES_MAX];
static size_t timed_count;

/* --- One case -------------------------------------------------------------------------------- */

static double seconds_of(const struct bench_case *c, size_t len, unsigned long passes)
{
    clock_t start = clock();
    for (unsigned long i = 0; i < passes; i++)
        bench_pass(c, len);
    return (double)(clock() - start) / CLOCKS_PER_SEC;
}

/* How many passes are long enough for the clock. */
static unsigned long batch_of(const struct bench_case *c, size_t len)
{
    unsigned long passes = 1;
    while (seconds_of(c, len, passes) < BATCH_S)
        passes *= 2;
    return passes;
}

/* Passes a second, or 0 if a pass went wrong. */
static double rate(const struct bench_case *c, size_t len)
{
    unsigned long batch = batch_of(c, len);
    double passes = 0;
    double seconds = 0;
    while (seconds < ROUND_S) {
        seconds += seconds_of(c, len, batch);
        passes += (double)batch;
        if (!c->is_right(len))
            return 0;
    }
    return passes / seconds;
}

static bool improve(struct timed *t)
{
    size_t len = bench_begin(t->c);
    double now = len > 0 ? rate(t->c, len) : 0;
    if (now <= 0) {
        printf("%s, %s: went wrong\n", t->bench->name, t->c->name);
        return false;
    }
    t->len = (double)len;
    if (now > t->best)
        t->best = now;
    return true;
}

/* --- The results ------------------------------------------------------------------------------ */

static bool goes_by_bytes(const struct timed *t)
{
    return strcmp(t->bench->unit, "byte") == 0;
}

/* Bytes or whatever is the unit of the bench. */
static double units_a_second(const struct timed *t)
{
    return goes_by_bytes(t) ? t->best * t->len : t->best;
}

static double of_memcpy(const struct timed *t)
{
    return units_a_second(t) / units_a_second(&timed[0]);
}

static void print_table(void)
{
    printf("%-48s%12s%12s\n", "", "million/s", "of memcpy");
    for (const struct timed *t = timed; t < timed + timed_count; t++) {
        double millions = units_a_second(t) / 1e6;
        printf("%-11s%-37s%12.*f", t->bench->name, t->c->name, millions < 100 ? 1 : 0, millions);
        if (goes_by_bytes(t))
            printf("%12.3f", of_memcpy(t));
        printf("  %ss\n", t->bench->unit);
    }
}

/* No name has a character that JSON would want escaped. */
static void write_result(FILE *f, const struct timed *t)
{
    fprintf(f, "{\"bench\": \"%s\", \"case\": \"%s\", \"unit\": \"%s\", \"per_second\": %.0f",
            t->bench->name, t->c->name, t->bench->unit, units_a_second(t));
    if (goes_by_bytes(t))
        fprintf(f, ", \"of_memcpy\": %.4f", of_memcpy(t));
    fprintf(f, "}");
}

static bool write_json(const char *path)
{
    FILE *f = fopen(path, "w");
    if (f == NULL) {
        perror(path);
        return false;
    }
    fprintf(f, "{\"results\": [\n");
    for (size_t i = 0; i < timed_count; i++) {
        write_result(f, &timed[i]);
        fprintf(f, i + 1 < timed_count ? ",\n" : "\n");
    }
    fprintf(f, "]}\n");
    bool good = ferror(f) == 0;
    return fclose(f) == 0 && good;
}

/* --- All of them ------------------------------------------------------------------------------ */

static bool is_wanted(const struct bench *b, char *const *names, size_t name_count)
{
    if (b == benches[0] || name_count == 0) /* memcpy, by which the others go */
        return true;
    for (size_t i = 0; i < name_count; i++)
        if (strcmp(b->name, names[i]) == 0)
            return true;
    return false;
}

/* False if there are too many. */
static bool choose(char *const *names, size_t name_count)
{
    timed_count = 0;
    for (size_t i = 0; i < BENCHES; i++) {
        const struct bench *b = benches[i];
        if (!b->is_timed || !is_wanted(b, names, name_count))
            continue;
        if (b->count > CASES_MAX - timed_count)
            return false;
        for (size_t k = 0; k < b->count; k++)
            timed[timed_count++] = (struct timed){b, &b->cases[k], 0, 0};
    }
    return true;
}

bool bench_times(char *const *names, size_t name_count, unsigned rounds, const char *json)
{
    if (!choose(names, name_count)) {
        printf("more than %u cases\n", (unsigned)CASES_MAX);
        return false;
    }
    for (unsigned round = 0; round < rounds; round++)
        for (size_t i = 0; i < timed_count; i++)
            if (!improve(&timed[i]))
                return false;
    print_table();
    return json == NULL || write_json(json);
}
