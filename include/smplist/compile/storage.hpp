// SPDX-License-Identifier: MIT
/// \file compile/storage.hpp
/// Floor 7. The bytes of a compiled policy: in memory, or a file mapped read-only.
#pragma once

#include <cstddef>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <utility>
#include <vector>

#if defined(__unix__) || defined(__APPLE__)
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#endif

namespace smplist::detail {

/// Bytes that start on a cache line and never change.
class storage {
 public:
  static constexpr std::size_t alignment = 64;
  static constexpr std::size_t huge_from = std::size_t{1} << 19U;

  /// Room that is still to be filled, through `room()`.
  [[nodiscard]] static std::shared_ptr<storage> make(std::size_t size) {
    const std::size_t unit = size >= huge_from ? std::size_t{1} << 21U : alignment;
    auto* const room = static_cast<std::byte*>(::operator new (size == 0 ? 1 : size, std::align_val_t{unit}));
#if defined(MADV_HUGEPAGE)
    if (size >= huge_from) ::madvise(room, size, MADV_HUGEPAGE);  // a wish: the answers do not depend on it
#endif
    return std::shared_ptr<storage>(new storage(room, size, unit));
  }
  [[nodiscard]] std::byte* room() noexcept { return bytes_; }

  [[nodiscard]] static std::shared_ptr<const storage> copy(const std::byte* bytes, std::size_t size) {
    auto out = make(size);
    if (size != 0) std::memcpy(out->room(), bytes, size);
    return out;
  }
  [[nodiscard]] static std::shared_ptr<const storage> of(const std::vector<std::byte>& bytes) {
    return copy(bytes.data(), bytes.size());
  }

  /// Null if the file cannot be read.
  [[nodiscard]] static std::shared_ptr<const storage> map(const std::string& path) {
#if defined(__unix__) || defined(__APPLE__)
    const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (file < 0) return nullptr;
    struct stat facts {};
    const bool sized = ::fstat(file, &facts) == 0 && S_ISREG(facts.st_mode);
    const auto size = sized ? static_cast<std::size_t>(facts.st_size) : 0;
#if defined(MAP_POPULATE)
    constexpr int map_flags = MAP_SHARED | MAP_POPULATE;  // one fault for all pages
#else
    constexpr int map_flags = MAP_SHARED;
#endif
    void* const at = size == 0 ? MAP_FAILED : ::mmap(nullptr, size, PROT_READ, map_flags, file, 0);
    ::close(file);
    if (at == MAP_FAILED) return sized ? copy(nullptr, 0) : nullptr;
    return std::shared_ptr<const storage>(new storage(static_cast<std::byte*>(at), size, 0));
#else
    std::FILE* const file = std::fopen(path.c_str(), "rb");
    if (file == nullptr) return nullptr;
    std::vector<std::byte> bytes;
    std::byte block[65536];
    for (std::size_t n = 0; (n = std::fread(block, 1, sizeof block, file)) != 0;) bytes.insert(bytes.end(), block, block + n);
    std::fclose(file);
    return of(bytes);
#endif
  }

  storage(const storage&) = delete;
  storage& operator=(const storage&) = delete;
  storage(storage&&) = delete;
  storage& operator=(storage&&) = delete;
  ~storage() {
#if defined(__unix__) || defined(__APPLE__)
    if (unit_ == 0) static_cast<void>(::munmap(bytes_, size_));
#endif
    if (unit_ != 0) ::operator delete (bytes_, std::align_val_t{unit_});
  }

  [[nodiscard]] const std::byte* data() const noexcept { return bytes_; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  storage(std::byte* bytes, std::size_t size, std::size_t unit) noexcept : bytes_(bytes), size_(size), unit_(unit) {}

  std::byte* bytes_;
  std::size_t size_;
  std::size_t unit_;  // of the allocation; 0: mapped
};

}  // namespace smplist::detail
