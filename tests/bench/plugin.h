/* SPDX-License-Identifier: MIT
 * How a structure written in another language runs in the bench's process and rounds: a shared library with these functions. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* IPv4: the address in the low 32 bits of lo, hi 0 */
struct bench_prefix {
  uint64_t hi, lo;
  uint32_t length;
  uint32_t value;
};

/* NULL: there are no more structures in this plugin */
const char* bench_name(int which);
/* NULL: not for this family. *bytes: memory, 0 if unknown. A look-up is longest prefix match; no match is value 0; values are
 * below 2^15 */
void* bench_build(int which, int family, const struct bench_prefix* prefixes, size_t n, size_t* bytes);
/* queries: family 4: uint32_t in host order; family 6: pairs of uint64_t hi, lo */
/* each query waits for the last answer: q ^ (last & hidden_zero); returns the sum of answers */
uint64_t bench_latency(void* built, const void* queries, size_t n);
void bench_single(void* built, const void* queries, size_t n, uint16_t* out);
void bench_free(void* built);

#ifdef __cplusplus
}
#endif
