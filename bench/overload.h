// What is left of the rate at which calls are served when ten times as many come.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "bench/server_process.h"
#include "bench/unary_load.h"

namespace millrace::bench {

// Who brings the load.
enum class Clients {
  kPolite,  // ten times as many callers as the server has places for; who is refused waits as its RetryInfo says
  kRude,    // calls at ten times the peak rate, whatever comes back
};

// By round, but for `refused_ms`.
struct OverloadFigures {
  std::vector<double> peaks;        // calls served a second by few callers
  std::vector<double> ratios;       // served a second under overload / at the peak
  std::vector<double> lead_ratios;  // likewise in the second before, in which all polite callers begin
  std::vector<double> offered;      // answers a second of any kind under overload / calls served at the peak
  std::vector<double> served_us;    // the server's CPU time for a call served, at the peak
  std::vector<double> refusal_us;   // and for one refused; of rude clients only, others are refused too rarely
  std::vector<double> refused_ms;   // until a refusal was there, of each
  std::vector<double> unsent;       // calls that the client could not send in time
  int64_t refused_count = 0;
  int64_t lead_refused_count = 0;
  std::string fault;  // the first answer that was none of these; empty: none
};

// Rounds of peak and overload in turn.
OverloadFigures MeasureOverload(const ServerProcess& server, const UnaryLoad& load, Clients clients, int round_count,
                                double seconds);

}  // namespace millrace::bench
