// Memory for the body of a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <new>

namespace millrace::client {

// Columns lie at multiples of this in a body.
inline constexpr size_t kColumnAlignmentBytes = 64;

// Bytes at a multiple of kColumnAlignmentBytes, not initialised: they are about to be overwritten.
class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t size_bytes) {
    if (size_bytes == 0) return;
    // aligned_alloc takes multiples of the alignment only.
    const size_t rounded = (size_bytes + kColumnAlignmentBytes - 1) / kColumnAlignmentBytes * kColumnAlignmentBytes;
    bytes_.reset(static_cast<uint8_t*>(std::aligned_alloc(kColumnAlignmentBytes, rounded)));
    if (bytes_ == nullptr) throw std::bad_alloc();
  }

  // Null when empty.
  uint8_t* data() const { return bytes_.get(); }

 private:
  struct Free {
    void operator()(uint8_t* bytes) const { std::free(bytes); }
  };
  std::unique_ptr<uint8_t, Free> bytes_;
};

}  // namespace millrace::client
