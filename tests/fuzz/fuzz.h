// SPDX-License-Identifier: Apache-2.0
//
// The one function a fuzz target defines; libFuzzer and replay_main.c call it. It returns 0 always and judges
// by assert and by the sanitizers.
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

#endif
