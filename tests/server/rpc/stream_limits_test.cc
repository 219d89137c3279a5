// Goal: what streams hold is counted to the byte from any thread, a full server refuses new streams and shrinks the
// windows of open ones, and no stream is ever kept from its next batch by others. Method: shares by hand; threads.
#include "server/rpc/stream_limits.h"

#include <thread>
#include <utility>
#include <vector>

#include "tests/support/catch.h"

namespace millrace {
namespace {

using Room = StreamLimits::Room;

TEST_CASE("so many streams may be open, and one that ends makes room") {
  StreamLimits limits({.stream_count_max = 2});
  auto one = limits.TryOpen();
  REQUIRE(one.has_value());
  {
    const auto two = limits.TryOpen();
    REQUIRE(two.has_value());
    CHECK_FALSE(limits.TryOpen().has_value());
    CHECK_FALSE(limits.TryOpen().has_value());
    CHECK(limits.stream_count() == 2);
  }
  CHECK(limits.stream_count() == 1);
  StreamShare moved = *std::move(one);
  one.reset();
  CHECK(limits.stream_count() == 1);
  CHECK(limits.TryOpen().has_value());
}

TEST_CASE("a stream makes ahead what it asked for, within its window") {
  StreamLimits limits({.window_size_bytes = 40});
  StreamShare share = *limits.TryOpen();
  CHECK(share.HasRoom(false, 0, 5));
  share.Hold(10);
  CHECK(share.HasRoom(true, 0, 5));
  share.Hold(10);
  CHECK(share.HasRoom(true, 1, 5));
  CHECK_FALSE(share.HasRoom(true, 1, 1));
  share.Hold(10);
  // Another one of 10 just fits.
  CHECK(share.HasRoom(true, 2, 5));
  share.Hold(11);
  CHECK_FALSE(share.HasRoom(true, 3, 5));
  share.Release(30);
  CHECK(share.HasRoom(true, 1, 5));
}

TEST_CASE("a batch larger than the window: one is sent and one is ready") {
  StreamLimits limits({.window_size_bytes = 0});
  StreamShare share = *limits.TryOpen();
  CHECK(share.HasRoom(false, 0, 64));
  share.Hold(1000);
  CHECK(share.HasRoom(true, 0, 64));
  share.Hold(1000);
  CHECK_FALSE(share.HasRoom(true, 1, 64));
}

TEST_CASE("the fuller the server, the smaller the windows") {
  StreamLimits limits({.window_size_bytes = 1000, .held_size_bytes_max = 100});
  StreamShare large = *limits.TryOpen();
  StreamShare small = *limits.TryOpen();
  large.Hold(50);
  CHECK(limits.room() == Room::kWindow);
  CHECK(small.HasRoom(true, 1, 5));
  large.Hold(1);
  CHECK(limits.room() == Room::kOneBatch);
  CHECK(small.HasRoom(true, 0, 5));
  CHECK_FALSE(small.HasRoom(true, 1, 5));
  large.Hold(49);
  CHECK(limits.TryOpen().has_value());
  large.Hold(1);
  CHECK(limits.room() == Room::kNone);
  CHECK_FALSE(limits.TryOpen().has_value());
  CHECK_FALSE(small.HasRoom(true, 0, 5));
  // It holds nothing: it goes on, or the server would stand still.
  CHECK(small.HasRoom(false, 0, 5));
  CHECK(large.HasRoom(false, 0, 5));
  large.Release(101);
  CHECK(limits.room() == Room::kWindow);
}

TEST_CASE("what a share holds is given back with it") {
  StreamLimits limits({});
  {
    StreamShare share = *limits.TryOpen();
    share.Hold(123);
    share.Hold(7);
    share.Release(123);
    CHECK(limits.held_size_bytes() == 7);
    const StreamShare moved = std::move(share);
    CHECK(limits.held_size_bytes() == 7);
  }
  CHECK(limits.held_size_bytes() == 0);
  CHECK(limits.stream_count() == 0);
}

TEST_CASE("threads that open, hold and end leave nothing, and never are more than may be") {
  constexpr int64_t kStreamCountMax = 3;
  StreamLimits limits({.stream_count_max = kStreamCountMax, .held_size_bytes_max = 500});
  std::atomic<int64_t> open_count{0}, opened_count{0};
  std::atomic<bool> is_exceeded{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&] {
      for (size_t i = 0; i < 10'000; ++i) {
        auto share = limits.TryOpen();
        if (!share.has_value()) continue;
        ++opened_count;
        if (++open_count > kStreamCountMax) is_exceeded = true;
        share->Hold(i % 200);
        if (i % 2 == 0) share->Release(i % 200);
        --open_count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_FALSE(is_exceeded);
  CHECK(opened_count > 0);
  CHECK(limits.stream_count() == 0);
  CHECK(limits.held_size_bytes() == 0);
}

}  // namespace
}  // namespace millrace
