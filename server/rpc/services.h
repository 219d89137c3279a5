// What the services are made of, and how they come to be: wired by server/main.cc, nowhere else.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"
#include "core/catalog/catalog.h"
#include "core/model/location.h"
#include "core/snapshot/store.h"
#include "server/lifecycle/call_log.h"
#include "server/lifecycle/drain.h"
#include "server/rpc/call_pool.h"
#include "server/rpc/stream_limits.h"

namespace millrace {

class RefreshRunner;

// All borrowed; they outlive the services. Thread-safe, each of them.
struct ServiceDeps {
  Catalog* catalog = nullptr;
  SnapshotStore* snapshots = nullptr;
  CallPool* call_pool = nullptr;    // short work: reads, batches
  CallPool* import_pool = nullptr;  // long work: imports, compiling and verifying snapshots
  const LocationTemplate* location = nullptr;
  const Drain* drain = nullptr;
  CallLog* call_log = nullptr;
  StreamLimits* stream_limits = nullptr;
  RefreshRunner* refreshes = nullptr;  // null: this server fetches nothing
  std::string spool_folder;            // for imports: "DATA/spool"
  // An import whose client is silent for so long is ended.
  absl::Duration import_idle_timeout = absl::InfiniteDuration();
  // gRPC refuses to send more than the server was built with, in an error without ErrorInfo: give the same here, and a
  // batch that is too large is refused with one.
  size_t sent_message_size_bytes_max = std::numeric_limits<int32_t>::max();
  // A batch of columns that is larger is streamed in parts of this size; a multiple of 64.
  size_t part_size_bytes_max = size_t{1} << 20;
};

// The services of millrace.v1. They must outlive the grpc::Server that they are registered with.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(const ServiceDeps& deps);

}  // namespace millrace
