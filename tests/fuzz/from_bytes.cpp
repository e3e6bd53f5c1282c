// SPDX-License-Identifier: MIT
// Bytes that claim to be a compiled policy: refused, or every question is answered within bounds and in time.
//
// An input is a file. Its size and checksum are made true before it is read, or nothing behind them would ever be looked at;
// one in eight is also read as it is. What is believed by its checksum alone is not asked: who wrote it is trusted.
// fuzz: variants native scalar
#include "good_files.hpp"
#include "mutate_file.hpp"

#include <cstdlib>
#include <cstring>
#include <fstream>

namespace fuzz {

namespace {

void require(bool good) {
  if (!good) std::abort();
}

/// Both ends of a text: whether they may be read is the sanitizer's to say.
void read(char first, char last) {
  [[maybe_unused]] static volatile char sink = 0;
  sink = static_cast<char>(first ^ last);
}

/// Small numbers and addresses out of an input, round and round.
class picker {
 public:
  picker(const std::byte* from, std::size_t size) : from_(from), size_(size) {}

  [[nodiscard]] std::uint64_t number() noexcept {
    at_ = (at_ + 40) % (size_ - 8);
    return detail::load<std::uint64_t>(from_ + at_);
  }
  /// Of the file's ranges, or any.
  [[nodiscard]] address some_address(const detail::flat_policy& flat) noexcept {
    const std::uint64_t n = number();
    const detail::flat_ranges& all = flat.ranges[n % 2];
    if (all.count != 0 && n / 2 % 2 == 0) {
      const std::size_t i = n / 4 % all.count;
      const detail::u128 end = n / 8 % 2 == 0 ? all.first_of(i) : all.last_of(i);
      const detail::u128 near = end + detail::u128{0, n / 16 % 3} - detail::u128{0, 1};
      return address::from_bits(near);
    }
    return n / 8 % 2 == 0 ? address::from_ipv4(static_cast<std::uint32_t>(n >> 32U)) : address::from_ipv6(n, number());
  }

 private:
  const std::byte* from_;
  std::size_t size_;
  std::size_t at_ = 0;
};

constexpr std::size_t asked = 12;

void ask_classes(const compiled_policy& p, const std::array<address, asked>& where) {
  std::array<std::uint32_t, asked> alone{};
  for (std::size_t i = 0; i < asked; ++i) {
    alone[i] = where[i].is_ipv4() ? p.class_of(where[i]) : 0;
    if (!where[i].is_ipv4()) alone[i] = p.class_of(where[i]);
    require(alone[i] < p.classes());
    const question q{i % 2 == 0 ? service::file_reputation : service::web_reputation,
                     i % 5 == 0 ? location::external : location::internal,
                     i,
                     {}};
    const first_answer found = p.first(where[i], q);
    require(found.source == first_answer::none || found.source < p.tables().sources());
    const std::string_view url = p.first_url(where[i], q);
    if (!url.empty()) read(url.front(), url.back());
    static_cast<void>(p.answer(alone[i], where[i].family(), where[i].bits(), q, [](std::uint32_t s) { return s % 2 == 0; }));
  }
  const auto same = [&](bool ipv4) {
    return [&, ipv4](std::size_t i, std::uint32_t found) { require(where[i].is_ipv4() != ipv4 || found == alone[i]); };
  };
  p.each_class_ipv4(
      asked, [&](std::size_t i) { return where[i].ipv4_bits(); }, same(true));
  p.each_class_ipv6(
      asked, [&](std::size_t i) { return where[i].bits(); }, same(false));
}

/// A client that all inputs share: making one costs more than asking for it.
client& shared_client() {
  static client who = [] {
    client made;
    made.addresses.emplace_back(address());
    made.addresses.emplace_back(address());
    made.gateways = {gateway{address::parse("10.0.0.1"), mac_address::try_parse("00:11:22:33:44:55").value()}};
    made.reached = {host_port::parse("m.example:443"), host_port::parse("10.9.9.9:81")};
    return made;
  }();
  return who;
}

void check_plan(const plan& found) {
  std::size_t letters = 0;
  for (const trace_step& t : found.trace) letters += name(t.why).size();
  for (const ignored_source& s : found.ignored) letters += name(s.reason).size() + name(s.stage).size();
  for (const attempt& a : found.attempts) letters += name(a.stage).size() + a.families.size();
  require(letters < 1000000 && !name(found.outcome).empty());
}

void ask_plans(const compiled_policy& p, picker& pick) {
  client& who = shared_client();
  who.addresses[0].value = pick.some_address(p.tables());
  who.addresses[1].value = pick.some_address(p.tables());
  const std::uint64_t n = pick.number();
  who.location.reset();
  if (n % 4 != 0) who.location = location::internal;
  const service what = n / 4 % 2 == 0 ? service::file_reputation : service::web_reputation;
  scratch room(p);
  const plan_view view = p.evaluate(who, what, room, n);
  std::size_t attempts = 0;
  view.each_attempt([&](const attempt_view& a) {
    attempts += a.url.size() + a.identity.size() + a.list.size() + a.source.size() + a.via.size() + 1;
    return attempts < 100000;
  });
  p.each_matching_list(who.addresses[0].value, [&](std::string_view list) { attempts += list.size(); });
  if (n / 8 % 4 == 0) check_plan(view.to_plan());
}

void ask(const compiled_policy& p) {
  picker pick(p.data(), p.size());
  std::array<address, asked> where;
  for (address& a : where) a = pick.some_address(p.tables());
  ask_classes(p, where);
  ask_plans(p, pick);
}

/// As it is: believed or not, damage is seen.
void read_as_it_is(const std::byte* data, std::size_t size) {
  const auto read = compiled_policy::from_bytes(data, size);
  const bool whole =
      size >= detail::smpc_head && detail::load<std::uint64_t>(data + 24) ==
                                       detail::checksum(data + detail::smpc_checked_from, size - detail::smpc_checked_from);
  if (read) return require(whole);
  if (!whole) require(compiled_policy::from_bytes(data, size, trust::checksum).error() == read.error());
}

}  // namespace

}  // namespace fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace fuzz;
  static bytes room;
  const auto* const from = reinterpret_cast<const std::byte*>(data);
  if (size < detail::smpc_head || data[size - 1] % 8 == 1) read_as_it_is(from, size);
  if (size < detail::smpc_head) return 0;
  room.assign(from, from + size);
  repair(room);
  const auto read = compiled_policy::from_bytes(room.data(), size);
  if (!read) return 0;
  const auto believed = compiled_policy::from_bytes(room.data(), size, trust::checksum);
  require(believed && *believed == *read);
  ask(*read);
  return 0;
}

extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size, unsigned seed) {
  return fuzz::mutate_file(reinterpret_cast<std::byte*>(data), size, max_size, seed);
}

// --seeds=DIR writes the corpus and ends
extern "C" int LLVMFuzzerInitialize(int* argc, char*** argv) {
  for (int i = 1; i < *argc; ++i) {
    const std::string word = (*argv)[i];
    if (word.rfind("--seeds=", 0) != 0) continue;
    for (const auto& [name, file] : fuzz::good_files())
      std::ofstream(word.substr(8) + "/" + name, std::ios::binary)
          .write(reinterpret_cast<const char*>(file.data()), static_cast<std::streamsize>(file.size()));
    std::exit(0);
  }
  return 0;
}
