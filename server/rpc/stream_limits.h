// What all open streams together may take: how many there are, and the batches that they hold ready.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace millrace {

class StreamShare;

// Thread-safe, without a lock: every batch of every stream passes here. Outlives its shares.
//
//   held by all       a stream makes ahead                     a new stream is
//   up to a half      what it asked for, within its window     taken
//   up to the bound   one batch                                taken
//   above             none: one batch is all that it holds     refused
//
// So streams with large windows leave room for those that come later, and what is held beyond the bound is at most a
// batch for each stream.
class StreamLimits {
 public:
  struct Options {
    int64_t stream_count_max = 16384;
    size_t window_size_bytes = size_t{8} << 20;  // of one stream
    size_t held_size_bytes_max = size_t{2} << 30;
  };
  enum class Room { kWindow, kOneBatch, kNone };

  explicit StreamLimits(const Options& options) : options_(options) {}
  StreamLimits(const StreamLimits&) = delete;
  StreamLimits& operator=(const StreamLimits&) = delete;

  // The share of a new stream; nothing when there is no room for one.
  std::optional<StreamShare> TryOpen();

  Room room() const;
  size_t window_size_bytes() const { return options_.window_size_bytes; }
  int64_t stream_count() const { return stream_count_.load(std::memory_order_relaxed); }
  size_t held_size_bytes() const { return held_size_bytes_.load(std::memory_order_relaxed); }

 private:
  friend class StreamShare;

  const Options options_;
  std::atomic<int64_t> stream_count_{0};
  std::atomic<size_t> held_size_bytes_{0};
};

// One open stream's part of it, given back on destruction. Not thread-safe.
class StreamShare {
 public:
  StreamShare(StreamShare&& other) noexcept
      : limits_(std::exchange(other.limits_, nullptr)),
        held_size_bytes_(std::exchange(other.held_size_bytes_, 0)),
        last_size_bytes_(other.last_size_bytes_) {}
  StreamShare& operator=(StreamShare&&) = delete;
  ~StreamShare();

  // A batch was made; and it was sent or dropped.
  void Hold(size_t size_bytes);
  void Release(size_t size_bytes);

  // Whether the stream may make one more batch, when it is sending one or none and so many are ready behind it. Always
  // true for a stream that holds nothing: nobody waits for others.
  bool HasRoom(bool is_sending, size_t ready_count, size_t ready_count_max) const;

 private:
  friend class StreamLimits;
  explicit StreamShare(StreamLimits* limits) : limits_(limits) {}

  StreamLimits* limits_;
  size_t held_size_bytes_ = 0;
  size_t last_size_bytes_ = 0;  // of the newest batch: the next one will be of about that size
};

}  // namespace millrace
