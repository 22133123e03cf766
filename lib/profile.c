/* SPDX-License-Identifier: MIT */
#include "dtu/profile.h"

static const struct dtu_profile *const profiles[] = {
    &dtu_profile_gprs232_7s3,
    &dtu_profile_k7,
    &dtu_profile_lte_7s4,
    &dtu_profile_cat1,
};

const struct dtu_profile *dtu_profile_at(size_t index)
{
    return index < sizeof profiles / sizeof profiles[0] ? profiles[index] : NULL;
}

const struct dtu_profile *dtu_profile_find(const char *name)
{
    const struct dtu_profile *p;
    size_t len = dtu_string_len(name);
    for (size_t i = 0; (p = dtu_profile_at(i)) != NULL; i++)
        if (dtu_equal_nocase((const uint8_t *)name, len, p->name))
            return p;
    return NULL;
}
