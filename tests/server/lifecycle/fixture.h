// What the tests of this folder share: a log that keeps its records, a listener on a free port, a temporary folder.
#pragma once

#include <grpcpp/grpcpp.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "core/base/mutex.h"
#include "server/lifecycle/listener.h"
#include "tests/support/catch.h"

namespace millrace {

class RecordingLog final : public CallLog {
 public:
  void Write(const CallRecord& record) override {
    MutexLock lock(mutex_);
    records_.push_back(record);
    changed_.SignalAll();
  }

  // Waits until there are `count`; fewer after 20 s, so that a lost record fails a test instead of hanging it.
  std::vector<CallRecord> WaitFor(size_t count) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    MutexLock lock(mutex_);
    while (records_.size() < count && std::chrono::steady_clock::now() < deadline) {
      changed_.WaitFor(mutex_, std::chrono::milliseconds(100));
    }
    return records_;
  }

 private:
  Mutex mutex_;
  CondVar changed_;
  std::vector<CallRecord> records_ ABSL_GUARDED_BY(mutex_);
};

// A listener with no services but health and reflection, and a channel to it.
struct TestServer {
  TestServer() {
    auto started = Listener::Start({}, {}, &log);
    REQUIRE(started.ok());
    listener = *std::move(started);
    channel = grpc::CreateChannel("127.0.0.1:" + std::to_string(listener->port()), grpc::InsecureChannelCredentials());
  }

  RecordingLog log;
  std::unique_ptr<Listener> listener;
  std::shared_ptr<grpc::Channel> channel;
};

// Bounds a call in time, so that a test of a broken server fails instead of hanging.
inline void BoundInTime(grpc::ClientContext& context) {
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

class TempFolder {
 public:
  TempFolder() {
    std::string path = (std::filesystem::temp_directory_path() / "millrace-lifecycle-XXXXXX").string();
    REQUIRE(mkdtemp(path.data()) != nullptr);
    path_ = path;
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

}  // namespace millrace
