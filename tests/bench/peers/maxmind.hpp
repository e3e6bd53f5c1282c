// SPDX-License-Identifier: MIT
// libmaxminddb over a file that is written here, after the published description of the MaxMind DB format 2.0: a binary tree
// of two records a node, 16 zero bytes, the data (one unsigned number for each value), and metadata.
#pragma once

#include "../tables.hpp"

#include <maxminddb.h>
#include <netinet/in.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <vector>

namespace bench {

/// Writes the bytes of a database.
template <class Key>
class mmdb_writer {
 public:
  explicit mmdb_writer(const table<Key>& t) : table_(&t) {
    nodes_.emplace_back();
    fill(0, u128{}, width<Key> - 1);
  }

  [[nodiscard]] std::string bytes() const {
    std::string data;
    std::map<std::uint16_t, std::uint32_t> at;
    for (const auto& n : nodes_) {
      for (const std::uint32_t r : {n.zero, n.one}) {
        if ((r & value_mark) == 0 || r == value_mark) continue;
        const auto value = static_cast<std::uint16_t>(r);
        if (!at.emplace(value, static_cast<std::uint32_t>(data.size())).second) continue;
        put_uint16(data, value);
      }
    }
    const std::size_t highest = nodes_.size() + 16 + data.size();
    const unsigned bits = highest < 1U << 24U ? 24 : highest < 1U << 28U ? 28 : 32;
    std::string out;
    for (const auto& n : nodes_) put_node(out, bits, number(n.zero, at), number(n.one, at));
    return out + std::string(16, '\0') + data + "\xAB\xCD\xEFMaxMind.com" + metadata(bits);
  }

 private:
  struct node {
    std::uint32_t zero = value_mark;
    std::uint32_t one = value_mark;
  };
  static constexpr std::uint32_t value_mark = 1U << 31U;  // of a record: the value is in the low bits, 0 is "no entry"

  [[nodiscard]] static u128 bit(unsigned i) {
    return i < 64 ? u128{0, std::uint64_t{1} << i} : u128{std::uint64_t{1} << (i - 64), 0};
  }

  [[nodiscard]] std::uint32_t record(u128 start, unsigned host) {
    const u128 last = start | smplist::detail::low_mask(host);
    while (at_ + 1 < table_->first.size() && wide(table_->first[at_ + 1]) <= start) ++at_;
    if (at_ + 1 == table_->first.size() || last < wide(table_->first[at_ + 1])) return value_mark | table_->value[at_];
    const auto made = static_cast<std::uint32_t>(nodes_.size());
    nodes_.emplace_back();
    fill(made, start, host - 1);
    return made;
  }
  void fill(std::uint32_t which, u128 start, unsigned host) {
    const std::uint32_t zero = record(start, host);
    const std::uint32_t one = record(start | bit(host), host);
    nodes_[which] = {zero, one};
  }

  [[nodiscard]] std::uint32_t number(std::uint32_t record, const std::map<std::uint16_t, std::uint32_t>& at) const {
    const auto count = static_cast<std::uint32_t>(nodes_.size());
    if ((record & value_mark) == 0) return record;
    if (record == value_mark) return count;
    return count + 16 + at.at(static_cast<std::uint16_t>(record));
  }
  static void put_bytes(std::string& out, std::uint64_t x, unsigned bytes) {
    for (unsigned i = bytes; i-- > 0;) out += static_cast<char>(x >> (8 * i) & 0xFFU);
  }
  static void put_node(std::string& out, unsigned bits, std::uint32_t zero, std::uint32_t one) {
    if (bits == 28) {  // the byte in the middle has the highest four bits of both
      put_bytes(out, zero & 0xFFFFFFU, 3);
      put_bytes(out, (zero >> 24U) << 4U | one >> 24U, 1);
      put_bytes(out, one & 0xFFFFFFU, 3);
      return;
    }
    put_bytes(out, zero, bits / 8);
    put_bytes(out, one, bits / 8);
  }
  // a control byte has the type in its highest three bits and the size in the others; types above 7 take a second byte
  static void put_uint16(std::string& out, std::uint16_t x) {
    out += static_cast<char>(5U << 5U | 2U);
    put_bytes(out, x, 2);
  }
  static void put_uint32(std::string& out, std::uint32_t x) {
    out += static_cast<char>(6U << 5U | 4U);
    put_bytes(out, x, 4);
  }
  static void put_text(std::string& out, const std::string& text) {
    out += static_cast<char>(2U << 5U | text.size());
    out += text;
  }
  [[nodiscard]] std::string metadata(unsigned bits) const {
    std::string out;
    out += static_cast<char>(7U << 5U | 9U);  // a map of nine pairs
    const auto pair16 = [&](const char* key, std::uint16_t x) { put_text(out, key), put_uint16(out, x); };
    pair16("binary_format_major_version", 2);
    pair16("binary_format_minor_version", 0);
    pair16("record_size", static_cast<std::uint16_t>(bits));
    pair16("ip_version", sizeof(Key) == 4 ? 4 : 6);
    put_text(out, "node_count");
    put_uint32(out, static_cast<std::uint32_t>(nodes_.size()));
    put_text(out, "build_epoch");
    out += std::string("\x08\x02", 2);  // an unsigned number of 64 bits, eight bytes long
    put_bytes(out, 1, 8);
    put_text(out, "database_type");
    put_text(out, "bench");
    put_text(out, "languages");
    out += std::string("\x01\x04", 2);  // an array of one
    put_text(out, "en");
    put_text(out, "description");
    out += static_cast<char>(7U << 5U | 1U);  // a map of one pair
    put_text(out, "en");
    put_text(out, "intervals of the bench");
    return out;
  }

  const table<Key>* table_;
  std::vector<node> nodes_;
  std::size_t at_ = 0;
};

template <class Key>
class maxmind {
 public:
  static constexpr const char* name = "libmaxminddb";

  explicit maxmind(const table<Key>& t) {
    const std::string bytes = mmdb_writer<Key>(t).bytes();
    bytes_ = bytes.size();
    char path[] = "/tmp/bench-mmdb-XXXXXX";
    const int file = ::mkstemp(path);
    if (file < 0) throw left_out("no file for the database can be made");
    const bool written = ::write(file, bytes.data(), bytes.size()) == static_cast<::ssize_t>(bytes.size());
    ::close(file);
    const int how = written ? MMDB_open(path, MMDB_MODE_MMAP, &db_) : MMDB_IO_ERROR;
    ::unlink(path);
    if (how != MMDB_SUCCESS) throw left_out(std::string("the database does not open: ") + MMDB_strerror(how));
  }
  maxmind(const maxmind&) = delete;
  maxmind& operator=(const maxmind&) = delete;
  maxmind(maxmind&&) = delete;
  maxmind& operator=(maxmind&&) = delete;
  ~maxmind() { MMDB_close(&db_); }

  [[nodiscard]] std::size_t bytes() const { return bytes_; }
  [[nodiscard]] std::uint16_t find(Key x) const {
    int error = 0;
    auto where = socket_address(x);
    MMDB_lookup_result_s found = MMDB_lookup_sockaddr(&db_, reinterpret_cast<const sockaddr*>(&where), &error);
    if (error != MMDB_SUCCESS || !found.found_entry) return 0;
    MMDB_entry_data_s data;
    if (MMDB_aget_value(&found.entry, &data, no_path) != MMDB_SUCCESS) return 0;
    return data.type == MMDB_DATA_TYPE_UINT16 ? data.uint16 : std::uint16_t{0};
  }

 private:
  static constexpr const char* const no_path[] = {nullptr};

  [[nodiscard]] static sockaddr_in socket_address(std::uint32_t x) {
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_addr.s_addr = __builtin_bswap32(x);
    return where;
  }
  [[nodiscard]] static sockaddr_in6 socket_address(u128 x) {
    sockaddr_in6 where{};
    where.sin6_family = AF_INET6;
    const std::uint64_t words[] = {__builtin_bswap64(x.hi), __builtin_bswap64(x.lo)};
    std::memcpy(where.sin6_addr.s6_addr, words, sizeof words);
    return where;
  }

  MMDB_s db_{};
  std::size_t bytes_ = 0;
};

}  // namespace bench
