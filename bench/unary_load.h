// One unary call again and again: as fast as so many callers can, or at a fixed rate whatever comes back.
#pragma once

#include <grpcpp/grpcpp.h>

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace millrace::bench {

struct UnaryResult {
  double seconds = 0;
  int64_t ok_count = 0;       // answered with the right bytes
  int64_t refused_count = 0;  // RESOURCE_EXHAUSTED with google.rpc.RetryInfo
  int64_t lead_ok_count = 0;  // before the time that counts
  int64_t lead_refused_count = 0;
  int64_t late_ok_count = 0;  // behind it: of calls that were under way at the end
  int64_t late_refused_count = 0;
  int64_t unsent_count = 0;  // that the client did not come to send, having as many under way as it may
  std::vector<double> refused_ms;
  std::vector<double> ok_ms;
  std::string fault;  // the first answer that was neither; empty: none
};

class UnaryLoad {
 public:
  // `channels` are taken in turn.
  UnaryLoad(std::vector<std::shared_ptr<grpc::Channel>> channels, std::string method, std::string request);

  // One call, whose answer's bytes are those expected from now on. Call first.
  grpc::Status Learn();
  const std::string& expected() const { return expected_; }

  // `caller_count` callers, each with one call under way, for about so long behind `lead_seconds`, which do not count.
  // Who is refused waits as its RetryInfo says, and calls again.
  UnaryResult RunCallers(int caller_count, double lead_seconds, double seconds) const;
  // So many calls a second, and at most 20,000 under way.
  UnaryResult RunRate(double calls_per_second, double seconds) const;

 private:
  struct Run;
  struct Call;

  void Start(Run* run) const;

  const std::vector<std::shared_ptr<grpc::Channel>> channels_;
  const std::string method_;
  const std::string request_;
  std::string expected_;
};

}  // namespace millrace::bench
