// Bytes that are written once: straight into the slices that gRPC sends.
#pragma once

#include <grpc/slice.h>
#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace millrace {

// Not thread-safe. Never moves what was written; a slice is as large as what it holds, but for the last one's tail.
class SliceWriter {
 public:
  SliceWriter() = default;
  ~SliceWriter();
  SliceWriter(const SliceWriter&) = delete;
  SliceWriter& operator=(const SliceWriter&) = delete;

  // Room for the next `size_bytes` bytes, in one piece. The caller fills it before it calls again.
  uint8_t* Append(size_t size_bytes);
  size_t size_bytes() const { return size_bytes_; }
  // Adds everything written to `slices` and begins anew.
  void MoveTo(std::vector<grpc::Slice>* slices);

 private:
  void EndSlice();

  std::vector<grpc::Slice> ended_;
  grpc_slice open_{};      // no memory unless capacity_ > 0
  size_t capacity_ = 0;    // of open_
  size_t used_ = 0;        // of capacity_
  size_t size_bytes_ = 0;  // of all slices
};

}  // namespace millrace
