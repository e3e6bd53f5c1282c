// SPDX-License-Identifier: MIT
// Structures of other languages, in shared libraries with the functions of plugin.h.
#pragma once

#include "../peer.hpp"

#include <dlfcn.h>

#include <memory>
#include <string>
#include <vector>

namespace bench {

class plugin {
 public:
  explicit plugin(const std::string& path) : handle_(::dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL)) {
    if (handle_ == nullptr) throw left_out(::dlerror());
    name_ = function<decltype(&bench_name)>("bench_name");
    build_ = function<decltype(&bench_build)>("bench_build");
    latency_ = function<decltype(&bench_latency)>("bench_latency");
    single_ = function<decltype(&bench_single)>("bench_single");
    free_ = function<decltype(&bench_free)>("bench_free");
  }

  template <class Key>
  [[nodiscard]] std::vector<candidate<Key>> candidates() const {
    std::vector<candidate<Key>> out;
    for (int which = 0; name_(which) != nullptr; ++which) {
      const std::string name = name_(which);
      out.push_back({name, [self = *this, which, name](const table<Key>& t) { return self.build(which, name, t); }});
    }
    return out;
  }

 private:
  template <class Function>
  [[nodiscard]] Function function(const char* name) const {
    void* const found = ::dlsym(handle_, name);
    if (found == nullptr) throw left_out(std::string("there is no ") + name);
    return reinterpret_cast<Function>(found);
  }

  template <class Key>
  [[nodiscard]] peer<Key> build(int which, const std::string& name, const table<Key>& t) const {
    constexpr int family = sizeof(Key) == 4 ? 4 : 6;
    peer<Key> out;
    out.name = name;
    void* built = nullptr;
    const double ns = nanoseconds(1, [&] { built = build_(which, family, t.prefixes.data(), t.prefixes.size(), &out.bytes); });
    if (built == nullptr) throw left_out("not for this family");
    const std::shared_ptr<void> kept(built, free_);
    out.build_seconds = ns / 1e9;
    out.latency = [kept, ask = latency_](const Key* queries, std::size_t n) { return ask(kept.get(), queries, n); };
    out.single = [kept, ask = single_](const Key* queries, std::size_t n, std::uint16_t* answers) {
      ask(kept.get(), queries, n, answers);
    };
    return out;
  }

  void* handle_;  // never closed: a runtime of another language cannot be unloaded
  decltype(&bench_name) name_;
  decltype(&bench_build) build_;
  decltype(&bench_latency) latency_;
  decltype(&bench_single) single_;
  decltype(&bench_free) free_;
};

}  // namespace bench
