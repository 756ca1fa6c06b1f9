// SPDX-License-Identifier: Apache-2.0
//
// A filter from a stranger, compiled and tried on a task.
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "api/filter.h"
#include "api/json_in.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char task[] =
        "{\"name\":\"alpha-7\",\"state\":\"Success\",\"tags\":[\"a\",\"b\"],\"instanceCount\":4,\"progress\":"
        "12.5,"
        "\"creationDate\":\"2026-01-02T03:04:05Z\",\"poolUuid\":null,\"x\":true,"
        "\"constants\":[{\"key\":\"K\",\"value\":\"v\"}],\"dependencies\":{\"dependsOn\":[\"x\"]}}";
    struct err e = ERR_NULL;
    json_t *in = in_parse((const char *)data, size, &e);
    if (!in)
        return 0;
    struct filter *f = filter_new(in, &e);
    if (!f && !e.text[0])
        abort(); // a refusal says why
    if (f) {
        json_t *object = json_loads(task, 0, NULL);
        filter_holds(f, object);
        json_decref(object);
    }
    filter_free(f);
    json_decref(in);
    return 0;
}
