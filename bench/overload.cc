#include "bench/overload.h"

#include <algorithm>

namespace millrace::bench {
namespace {

constexpr double kTimes = 10;
constexpr int kPeakCallerCount = 32;
// The server's queue and threads hold about 1,026.
constexpr int kPoliteCallerCount = static_cast<int>(kTimes) * 1'026;

// All the polite callers begin at once, and nearly all of them are refused once then. That is no lasting overload, and
// has figures of its own.
constexpr double kLeadSeconds = 1;

double Answered(const UnaryResult& result) {
  return static_cast<double>(std::max<int64_t>(result.lead_ok_count + result.ok_count + result.late_ok_count, 1));
}

double Refused(const UnaryResult& result) {
  return static_cast<double>(
      std::max<int64_t>(result.lead_refused_count + result.refused_count + result.late_refused_count, 1));
}

}  // namespace

OverloadFigures MeasureOverload(const ServerProcess& server, const UnaryLoad& load, Clients clients, int round_count,
                                double seconds) {
  OverloadFigures figures;
  for (int round = 0; round < round_count; ++round) {
    const double cpu_start = server.CpuSeconds();
    const UnaryResult peak = load.RunCallers(kPeakCallerCount, 0, seconds / 2);
    const double cpu_peak = server.CpuSeconds();
    const double peak_rate = static_cast<double>(peak.ok_count) / peak.seconds;
    const UnaryResult over = clients == Clients::kPolite ? load.RunCallers(kPoliteCallerCount, kLeadSeconds, seconds)
                                                         : load.RunRate(kTimes * peak_rate, seconds / 2);
    const double cpu_over = server.CpuSeconds();
    figures.fault = peak.fault.empty() ? over.fault : peak.fault;
    if (!figures.fault.empty()) return figures;
    figures.peaks.push_back(peak_rate);
    figures.ratios.push_back(static_cast<double>(over.ok_count) / over.seconds / peak_rate);
    figures.offered.push_back(static_cast<double>(over.ok_count + over.refused_count) / over.seconds / peak_rate);
    figures.unsent.push_back(static_cast<double>(over.unsent_count));
    figures.served_us.push_back((cpu_peak - cpu_start) * 1e6 / Answered(peak));
    figures.refusal_us.push_back(((cpu_over - cpu_peak) * 1e6 - figures.served_us.back() * Answered(over)) /
                                 Refused(over));
    if (clients == Clients::kPolite) {
      figures.lead_ratios.push_back(static_cast<double>(over.lead_ok_count) / kLeadSeconds / peak_rate);
      figures.lead_refused_count += over.lead_refused_count;
    }
    figures.refused_count += over.refused_count;
    figures.refused_ms.insert(figures.refused_ms.end(), over.refused_ms.begin(), over.refused_ms.end());
  }
  return figures;
}

}  // namespace millrace::bench
