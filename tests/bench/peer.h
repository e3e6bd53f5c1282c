/* SPDX-License-Identifier: MIT */
/* What every structure of the bench is: a table is built from disjoint intervals or from prefixes, and asked three ways.
 * Plain C, so that peers written in C++, C, Rust and Go stand in one process behind the same face. */
#ifndef SMPLIST_BENCH_PEER_H
#define SMPLIST_BENCH_PEER_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* An address: of IPv4 the low 32 bits of `lo`, of IPv6 all 128. */
typedef struct { uint64_t hi, lo; } bench_address;

/* The whole family cut into intervals: `first[0]` is the family's first address, each goes to the next one's start. */
typedef struct {
  const bench_address* first;
  const uint16_t* value; /* 0 to 32767; 0 is "no entry" */
  size_t intervals;
  /* the same table as prefixes, longest match wins; what no prefix holds has value 0 */
  const bench_address* prefix;
  const uint8_t* length;
  const uint16_t* prefix_value;
  size_t prefixes;
} bench_table;

/* One structure for one family (4 or 6). `queries` are uint32_t for family 4, bench_address for family 6.
 * A null member: the structure has no such thing. */
typedef struct {
  const char* name;
  int family;
  void* (*build)(const bench_table*); /* null: it cannot hold this table */
  size_t (*bytes)(const void*);       /* what its answers rest on */
  void (*destroy)(void*);
  /* each query waits for the last answer: query i is `queries[i] ^ (answer i-1 & zero)`, `zero` being 0 at run time;
   * the sum of the answers, so that none can be left out */
  uint64_t (*latency)(const void*, const void* queries, size_t n, uint32_t zero);
  void (*single)(const void*, const void* queries, size_t n, uint16_t* out); /* independent calls, one at a time */
  void (*batch)(const void*, const void* queries, size_t n, uint16_t* out);  /* the structure's own batch call */
} bench_peer;

#ifdef __cplusplus
}
#endif
#endif
