// SPDX-License-Identifier: Apache-2.0
//
// Some clients send every field of every kind with zeros, so only the field that belongs to the discriminator
// is read.
#include "api/constraint_in.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "api/api.h"
#include "api/json_in.h"
#include "base/mem.h"

enum how { AT_LEAST, AT_MOST, TEXT, YES, NO };

static const struct kind {
    const char *discriminator, *field;
    enum how how;
    size_t offset;
    double scale; // of the field to the record's unit
} kinds[] = {
    {"MinimumCoreHardwareConstraint", "coreCount", AT_LEAST, offsetof(struct constraint, cores_min), 1},
    {"MaximumCoreHardwareConstraint", "coreCount", AT_MOST, offsetof(struct constraint, cores_max), 1},
    {"MinimumRamHardwareConstraint", "minimumMemoryMB", AT_LEAST, offsetof(struct constraint, memory_mb_min),
     1},
    {"MaximumRamHardwareConstraint", "maximumMemoryMB", AT_MOST, offsetof(struct constraint, memory_mb_max),
     1},
    {"MinimumRamCoreRatioHardwareConstraint", "minimumMemoryGBCoreRatio", AT_LEAST,
     offsetof(struct constraint, mb_per_core_min), 1024},
    {"MaximumRamCoreRatioHardwareConstraint", "maximumMemoryGBCoreRatio", AT_MOST,
     offsetof(struct constraint, mb_per_core_max), 1024},
    {"SpecificHardwareConstraint", "specificationKey", TEXT, offsetof(struct constraint, key), 0},
    {"CpuModelHardwareConstraint", "cpuModel", TEXT, offsetof(struct constraint, cpu_model), 0},
    {"GpuHardwareConstraint", NULL, YES, offsetof(struct constraint, gpu), 0},
    {"NoGpuHardwareConstraint", NULL, NO, offsetof(struct constraint, gpu), 0},
    {"SSDHardwareConstraint", NULL, YES, offsetof(struct constraint, ssd), 0},
    {"NoSSDHardwareConstraint", NULL, NO, offsetof(struct constraint, ssd), 0},
};

_Static_assert(SPEC_KEY_BYTES == CPU_MODEL_BYTES, "both texts are read the same way");

static const struct kind *kind_of(const json_t *v)
{
    const char *name = json_string_value(in_get(v, "discriminator"));
    for (size_t i = 0; name && i < ARRAY_LEN(kinds); i++)
        if (!strcasecmp(kinds[i].discriminator, name))
            return &kinds[i];
    return NULL;
}

static int contradiction(const struct kind *k, struct err *e)
{
    return err_set(e, -ENODEV, "No machine can satisfy the hardware constraint %s together with the others",
                   k->discriminator);
}

static int read_number(const struct kind *k, const json_t *value, struct constraint *out, struct err *e)
{
    double v = json_number_value(value) * k->scale;
    if (!json_is_number(value) || !(v >= 0 && v <= 1e9))
        return err_set(e, -EINVAL, "hardwareConstraints: %s of %s must be a number from 0 to 1000000000",
                       k->field, k->discriminator);
    int32_t *have = (int32_t *)((char *)out + k->offset);
    int32_t whole = (int32_t)v;
    if (k->how == AT_LEAST) {
        whole += (double)whole < v;
        if (whole > *have)
            *have = whole;
    } else if (whole == 0) {
        return err_set(e, -ENODEV, "No machine can satisfy the hardware constraint %s with %s 0",
                       k->discriminator, k->field);
    } else if (*have == 0 || whole < *have) {
        *have = whole;
    }
    return 0;
}

static int read_text(const struct kind *k, const json_t *value, struct constraint *out, struct err *e)
{
    const char *text = json_string_value(value);
    if (!text || !*text || strlen(text) >= SPEC_KEY_BYTES)
        return err_set(e, -EINVAL, "hardwareConstraints: %s of %s must have 1 to %d bytes", k->field,
                       k->discriminator, SPEC_KEY_BYTES - 1);
    char *have = (char *)out + k->offset;
    if (*have && strcasecmp(have, text) != 0)
        return contradiction(k, e);
    strncpy(have, text, SPEC_KEY_BYTES); // pads with NUL: equal constraints have equal bytes
    return 0;
}

static int read_one(const json_t *v, struct constraint *out, json_t *echo, struct err *e)
{
    const struct kind *k = kind_of(v);
    if (!k)
        return err_set(e, -EINVAL, "hardwareConstraints: unknown discriminator %.80s",
                       json_is_string(in_get(v, "discriminator"))
                           ? json_string_value(in_get(v, "discriminator"))
                           : "(none)");
    json_t *kept = json_object();
    json_object_set_new(kept, "discriminator", json_string(k->discriminator));
    json_array_append_new(echo, kept);
    if (k->field) {
        json_t *value = in_get(v, k->field);
        int r = k->how == TEXT ? read_text(k, value, out, e) : read_number(k, value, out, e);
        if (r == 0)
            json_object_set(kept, k->field, value);
        return r;
    }
    uint8_t *have = (uint8_t *)out + k->offset, want = k->how == YES ? WANT_YES : WANT_NO;
    if (*have != WANT_ANY && *have != want)
        return contradiction(k, e);
    *have = want;
    return 0;
}

int constraint_in(const json_t *list, struct constraint *out, json_t *echo, struct err *e)
{
    if (!list)
        return 0;
    if (!json_is_array(list) || json_array_size(list) > API_CONSTRAINTS)
        return err_set(e, -EINVAL, "hardwareConstraints: must be an array of at most %d", API_CONSTRAINTS);
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *v = json_array_get(list, i);
        if (json_is_null(v))
            continue;
        int r = json_is_object(v) ? read_one(v, out, echo, e)
                                  : err_set(e, -EINVAL, "hardwareConstraints[%zu]: must be an object", i);
        if (r < 0)
            return r;
    }
    return 0;
}
