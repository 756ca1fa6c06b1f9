// SPDX-License-Identifier: Apache-2.0
//
// GET /ondol/v1/limits: every ceiling that an error may name.
#include "api/bucket_in.h"
#include "api/handlers.h"
#include "api/json_out.h"
#include "core/work/depend.h"

void limits_get(struct call *c)
{
    const struct {
        const char *name;
        int64_t value;
    } limit[] = {
        {"instances_per_task", c->be->limits.instances_per_task},
        {"tasks_per_account",
         c->account.max_tasks > 0 ? c->account.max_tasks : c->be->limits.tasks_per_account},
        {"tasks_per_request", API_BULK},
        {"jobs_per_account", c->be->limits.jobs_per_account},
        {"dependencies", DEPENDS_MAX},
        {"name_characters", API_NAME_CHARS},
        {"shortname_characters", API_SHORTNAME_CHARS},
        {"tags", API_TAGS},
        {"tag_characters", API_TAG_CHARS},
        {"constants", API_CONSTANTS},
        {"constant_characters", API_CONSTANT_CHARS},
        {"forced_constants", API_FORCED_CONSTANTS},
        {"labels", API_LABELS},
        {"resource_buckets", API_BUCKETS},
        {"hardware_constraints", API_CONSTRAINTS},
        {"body_depth", API_JSON_DEPTH},
        {"body_members", API_JSON_MEMBERS},
        {"page_default", API_PAGE_DEFAULT},
        {"page_max", API_PAGE_MAX},
        {"list_max", API_LIST_MAX},
        {"fresh_output_bytes", API_OUTPUT_BYTES},
        {"filter_depth", API_FILTER_DEPTH},
        {"filter_parts", API_FILTER_NODES},
        {"filter_values", API_FILTER_VALUES},
        {"filter_expression_bytes", API_REGEX_BYTES},
        {"filter_expression_ms", API_LIKE_MS},
        {"ledger_rows", API_LEDGER_ROWS},
        {"answer_bytes", CALL_OUT_MAX},
    };
    struct json_out o = {.b = &c->out};
    out_object(&o, NULL);
    for (size_t i = 0; i < sizeof limit / sizeof *limit; i++)
        out_int(&o, limit[i].name, limit[i].value);
    out_end_object(&o);
}
