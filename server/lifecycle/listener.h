// A server that listens, with what every Millrace server has beside its own services.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "server/lifecycle/call_log.h"
#include "server/lifecycle/drain.h"
#include "server/lifecycle/health.h"
#include "server/lifecycle/reflection.h"

namespace millrace {

// The largest request is a vocabulary's CSV file, 16 MiB; a chunk of an import has at most 1 MiB. What this allows is
// what one call of a hostile client can make the server hold.
inline constexpr int kReceivedMessageSizeBytesMax = (16 << 20) + (64 << 10);

struct ListenerOptions {
  std::string host = "127.0.0.1";  // an IPv4 address, an IPv6 address without brackets, or a name
  int port = 0;                    // 0: a free one
  int sent_message_size_bytes_max = 64 << 20;
};

// Thread-safe.
class Listener {
 public:
  // Starts to serve `services`, health and reflection. All is borrowed and outlives the listener.
  // kConfigInvalid, with the system's reason, for an address that cannot be listened on.
  static absl::StatusOr<std::unique_ptr<Listener>> Start(const ListenerOptions& options,
                                                         const std::vector<std::unique_ptr<grpc::Service>>& services,
                                                         CallLog* log);
  // Cancels what is still in progress and waits for it.
  ~Listener();

  // The one that is bound.
  int port() const { return port_; }
  grpc::Server& server() { return *server_; }

  // Stops in order: health says NOT_SERVING; `drain` begins, so that streams end at their next batch; once
  // `count_streams` says that none is left, or nine tenths of `timeout` are over, no new calls; calls in progress may
  // take until `timeout` and are cancelled then. Returns when the last call is over. Call once.
  void Stop(
      Drain& drain, absl::Duration timeout, const std::function<int64_t()>& count_streams = [] { return 0; });

 private:
  explicit Listener(CallLog* log);

  HealthService health_;
  const std::unique_ptr<Reflection> reflection_v1_;
  const std::unique_ptr<Reflection> reflection_v1alpha_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;  // last: it goes first, as it borrows the services above
};

}  // namespace millrace
