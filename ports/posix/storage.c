/* SPDX-License-Identifier: MIT */
/* Each slot is an image in memory and a file. The file is written as a whole when the slot is
 * complete: to a new file, synced, and renamed over the old one. */
#include "dtu_posix.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SLOTS = 2, SLOT_SIZE = 16384 };

struct dtu_posix_storage {
    int dir; /* -1: memory only */
    char names[SLOTS][32];
    char new_names[SLOTS][40];
    char lock_name[32];
    int lock; /* a file that is locked while this is open */
    uint8_t image[SLOTS][SLOT_SIZE];
};

static bool read_all(int fd, uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        ssize_t n = read(fd, data + at, size - at);
        if (n < 0 && errno != EINTR)
            return false;
        if (n == 0)
            break;
        if (n > 0)
            at += (size_t)n;
    }
    return true;
}

static bool write_all(int fd, const uint8_t *data, size_t size)
{
    size_t at = 0;
    while (at < size) {
        ssize_t n = write(fd, data + at, size - at);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0)
            at += (size_t)n;
    }
    return true;
}

/* A slot that is missing is empty. */
static bool load_slot(struct dtu_posix_storage *s, unsigned slot)
{
    memset(s->image[slot], 0xFF, SLOT_SIZE);
    int fd = openat(s->dir, s->names[slot], O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    bool good = read_all(fd, s->image[slot], SLOT_SIZE);
    close(fd);
    return good;
}

static bool open_dir(struct dtu_posix_storage *s, const char *dir, char *error, size_t size)
{
    if (mkdir(dir, 0777) != 0 && errno != EEXIST) {
        snprintf(error, size, "cannot make directory %s: %s", dir, strerror(errno));
        return false;
    }
    s->dir = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (s->dir < 0) {
        snprintf(error, size, "cannot open directory %s: %s", dir, strerror(errno));
        return false;
    }
    s->lock = openat(s->dir, s->lock_name, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (s->lock < 0) {
        snprintf(error, size, "cannot write in directory %s: %s", dir, strerror(errno));
        return false;
    }
    if (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        snprintf(error, size, "directory %s is in use by another module", dir);
        return false;
    }
    for (unsigned slot = 0; slot < SLOTS; slot++)
        if (!load_slot(s, slot)) {
            snprintf(error, size, "cannot read %s/%s: %s", dir, s->names[slot], strerror(errno));
            return false;
        }
    return true;
}

struct dtu_posix_storage *dtu_posix_storage_open(const char *dir, const char *name, char *error,
                                                 size_t size)
{
    struct dtu_posix_storage *s = malloc(sizeof *s);
    if (s == NULL) {
        snprintf(error, size, "no memory");
        return NULL;
    }
    s->dir = -1;
    s->lock = -1;
    for (unsigned slot = 0; slot < SLOTS; slot++) {
        snprintf(s->names[slot], sizeof s->names[slot], "%.20s%u", name, slot);
        snprintf(s->new_names[slot], sizeof s->new_names[slot], "%s.new", s->names[slot]);
    }
    snprintf(s->lock_name, sizeof s->lock_name, "%.20s.lock", name);
    memset(s->image, 0xFF, sizeof s->image);
    if (dir != NULL && !open_dir(s, dir, error, size)) {
        dtu_posix_storage_close(s);
        return NULL;
    }
    return s;
}

void dtu_posix_storage_close(struct dtu_posix_storage *storage)
{
    if (storage == NULL)
        return;
    if (storage->lock >= 0)
        close(storage->lock);
    if (storage->dir >= 0)
        close(storage->dir);
    free(storage);
}

static bool medium_read(void *ctx, unsigned slot, size_t offset, uint8_t *data, size_t len)
{
    const struct dtu_posix_storage *s = ctx;
    if (offset > SLOT_SIZE || len > SLOT_SIZE - offset)
        return false;
    memcpy(data, s->image[slot] + offset, len);
    return true;
}

static bool medium_erase(void *ctx, unsigned slot)
{
    struct dtu_posix_storage *s = ctx;
    memset(s->image[slot], 0xFF, SLOT_SIZE);
    return true;
}

static bool medium_write(void *ctx, unsigned slot, size_t offset, const uint8_t *data, size_t len)
{
    struct dtu_posix_storage *s = ctx;
    if (offset > SLOT_SIZE || len > SLOT_SIZE - offset)
        return false;
    memcpy(s->image[slot] + offset, data, len);
    return true;
}

/* The image without the erased bytes at its end. */
static size_t used_size(const uint8_t *image)
{
    size_t size = SLOT_SIZE;
    while (size > 0 && image[size - 1] == 0xFF)
        size--;
    return size;
}

static bool write_new_file(const struct dtu_posix_storage *s, unsigned slot)
{
    int fd = openat(s->dir, s->new_names[slot], O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (fd < 0)
        return false;
    bool good = write_all(fd, s->image[slot], used_size(s->image[slot])) && fsync(fd) == 0;
    return close(fd) == 0 && good;
}

static bool medium_sync(void *ctx, unsigned slot)
{
    struct dtu_posix_storage *s = ctx;
    if (s->dir < 0)
        return true;
    if (write_new_file(s, slot) &&
        renameat(s->dir, s->new_names[slot], s->dir, s->names[slot]) == 0)
        return fsync(s->dir) == 0;
    unlinkat(s->dir, s->new_names[slot], 0);
    (void)load_slot(s, slot); /* what the file still says */
    return false;
}

const struct dtu_store_medium dtu_posix_medium = {
    .slot_size = SLOT_SIZE,
    .read = medium_read,
    .erase = medium_erase,
    .write = medium_write,
    .sync = medium_sync,
};
