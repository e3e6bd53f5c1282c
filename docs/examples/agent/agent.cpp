// SPDX-License-Identifier: MIT
// An agent in C++: answers from a compiled policy, and opens it again whenever it is replaced, without stopping to answer.
//   agent FILE.smpc < addresses             one address a line; prints the URL that is asked first, and the revision
//   agent --stress DECISIONS RELOADS FILE.smpc...   two threads decide while a third one replaces and reloads
// FILE.smpc is what an agent of the fleet keeps (`policy.smpc`), or what `smplist compile` writes: both are replaced whole.
#include <smplist/smplist.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>
#include <thread>
#include <vector>

namespace {

using smplist::compiled_policy;
constexpr smplist::question internal_files{};  // file reputation, for a client inside

/// The policy that is answered from now. Any thread may ask, one reloads; nobody waits for anybody.
class held_policy {
 public:
  explicit held_policy(std::string path) : path_(std::move(path)) {}

  /// What is held; it stays whole for as long as somebody has it. Null before the first `reload` that succeeds.
  [[nodiscard]] std::shared_ptr<const compiled_policy> get() const { return std::atomic_load(&now_); }

  /// Opens the file again. If it is no compiled policy, what is held stays.
  /// \returns whether it was taken
  [[nodiscard]] bool reload() {
    auto opened = compiled_policy::open(path_);
    if (!opened) return false;
    std::atomic_store(&now_, std::make_shared<const compiled_policy>(*std::move(opened)));
    return true;
  }

  /// Reloads if the file is another one than last time.
  void reload_if_replaced() {
    std::error_code failed;
    const auto when = std::filesystem::last_write_time(path_, failed);
    if (failed || when == seen_) return;
    if (reload()) seen_ = when;  // what cannot be opened is tried again
  }

 private:
  std::string path_;
  std::shared_ptr<const compiled_policy> now_;
  std::filesystem::file_time_type seen_ = std::filesystem::file_time_type::min();
};

int serve(const std::string& path) {
  held_policy held(path);
  held.reload_if_replaced();
  if (!held.get()) {
    std::cerr << path << ": no compiled policy\n";
    return 2;
  }
  std::atomic<bool> done{false};
  std::thread watcher([&] {
    while (!done) {
      held.reload_if_replaced();
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    }
  });
  for (std::string line; std::getline(std::cin, line);) {
    const auto address = smplist::address::try_parse(line);
    const auto policy = held.get();  // one policy for one answer
    if (!address) {
      std::cout << "no address: " << line << std::endl;
    } else {
      std::cout << policy->first_url(*address, internal_files) << ' ' << policy->revision() << std::endl;
    }
  }
  done = true;
  watcher.join();
  return 0;
}

/// Revisions one after the other, again and again: the k-th one is file k modulo their number.
struct stress {
  std::vector<std::string> files;
  std::vector<compiled_policy> expected;
  std::string path;
  std::int64_t decisions = 0;
  std::int64_t reloads = 0;
  std::atomic<std::int64_t> begun{0};     // the newest revision that may be held
  std::atomic<std::int64_t> finished{0};  // the oldest one that may be
  std::atomic<std::int64_t> decided{0};
  std::atomic<std::int64_t> wrong{0};

  /// Whether an answer is that of a revision that was alive between two moments.
  [[nodiscard]] bool alive(std::string_view revision, std::string_view url, smplist::address who, std::int64_t from,
                           std::int64_t to) const {
    const auto count = static_cast<std::int64_t>(expected.size());
    for (std::int64_t k = to; k >= from && k > to - count; --k) {
      const compiled_policy& one = expected[static_cast<std::size_t>(k % count)];
      if (one.revision() == revision) return one.first_url(who, internal_files) == url;
    }
    return false;
  }

  void decide(const held_policy& held, std::uint32_t seed) {
    for (std::int64_t i = 0; i < decisions / 2; ++i) {
      seed = seed * 1664525U + 1013904223U;
      const auto who = smplist::address::from_ipv4(0x0A000000U | (seed >> 8));
      const std::int64_t from = finished;
      const auto policy = held.get();
      const std::string_view url = policy->first_url(who, internal_files);
      if (!alive(policy->revision(), url, who, from, begun)) ++wrong;
      ++decided;
    }
  }

  /// Replaces the file as publishers do, by a rename, and has it opened again.
  [[nodiscard]] bool replace(held_policy& held, std::int64_t k) {
    const std::string& next = files[static_cast<std::size_t>(k) % files.size()];
    std::filesystem::create_hard_link(next, path + ".new");
    std::filesystem::rename(path + ".new", path);
    begun = k;
    const bool taken = held.reload();
    finished = k;
    return taken;
  }

  int run() {
    held_policy held(path);
    bool taken = replace(held, 0);
    std::thread one([&] { decide(held, 1); });
    std::thread two([&] { decide(held, 2); });
    for (std::int64_t k = 1; k <= reloads; ++k) {
      while (decided * reloads < k * decisions - decisions && decided < decisions / 2 * 2) std::this_thread::yield();
      taken = replace(held, k) && taken;
    }
    one.join();
    two.join();
    std::filesystem::remove(path);
    std::cout << decided << " decisions, " << reloads << " reloads, " << wrong << " wrong" << (taken ? "" : ", a reload failed")
              << '\n';
    return wrong == 0 && taken ? 0 : 1;
  }
};

int run_stress(int count, char** words) {
  stress all;
  all.decisions = std::stoll(words[0]);
  all.reloads = std::stoll(words[1]);
  for (int i = 2; i < count; ++i) {
    auto opened = compiled_policy::open(words[i]);
    if (!opened) {
      std::cerr << words[i] << ": no compiled policy\n";
      return 2;
    }
    all.files.emplace_back(words[i]);
    all.expected.push_back(*std::move(opened));
  }
  all.path = all.files.front() + ".current";
  return all.run();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2) return serve(argv[1]);
  if (argc > 4 && std::string_view(argv[1]) == "--stress") return run_stress(argc - 2, argv + 2);
  std::cerr << "usage: agent FILE.smpc < addresses, or agent --stress DECISIONS RELOADS FILE.smpc...\n";
  return 2;
}
