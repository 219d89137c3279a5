#include "clients/cli/progress.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"

namespace millrace::cli {
namespace {

constexpr absl::Duration kBarInterval = absl::Milliseconds(100);
constexpr absl::Duration kLineInterval = absl::Seconds(5);
constexpr int kBarWidthMin = 10;
constexpr int kBarWidthMax = 32;
constexpr int kWidthWithBarMin = 60;

std::string Bar(double fraction, int width_columns) {
  const int inner = width_columns - 2;
  const int filled = static_cast<int>(std::floor(fraction * inner));
  std::string bar = "[";
  bar.append(static_cast<size_t>(filled), '=');
  if (filled < inner) bar += ">";
  bar.append(static_cast<size_t>(std::max(0, inner - filled - 1)), ' ');
  return bar + "]";
}

}  // namespace

std::string RenderProgress(const ProgressView& view, int width_columns) {
  std::vector<std::string> parts;
  std::optional<double> fraction = view.fraction;
  if (fraction.has_value()) {
    fraction = std::clamp(*fraction, 0.0, 1.0);
    // Rounded down: 100 % is for what is done.
    parts.push_back(absl::StrFormat("%3d %%", static_cast<int>(*fraction * 100)));
  }
  parts.insert(parts.end(), view.facts.begin(), view.facts.end());

  // On a line of usual width the bar comes before the last of the facts.
  const int reserved = fraction.has_value() && width_columns >= kWidthWithBarMin ? 2 + kBarWidthMin : 0;
  std::string tail;
  int used = DisplayWidth(view.label);
  for (const std::string& part : parts) {
    const int width = 2 + DisplayWidth(part);
    if (width_columns > 0 && used + width > width_columns - reserved) break;
    absl::StrAppend(&tail, "  ", part);
    used += width;
  }
  std::string line = view.label;
  const int room = width_columns == 0 ? kBarWidthMax : width_columns - used - 2;
  if (fraction.has_value() && room >= kBarWidthMin) {
    absl::StrAppend(&line, "  ", Bar(*fraction, std::min(room, kBarWidthMax)));
  }
  line += tail;
  return width_columns == 0 ? line : ClipToWidth(line, width_columns);
}

std::optional<absl::Duration> EstimateRemaining(double fraction, absl::Duration elapsed) {
  if (!(fraction > 0) || elapsed <= absl::ZeroDuration()) return std::nullopt;
  if (fraction >= 1) return absl::ZeroDuration();
  return elapsed * ((1 - fraction) / fraction);
}

ProgressMode ChooseProgressMode(const Terminal& terminal, std::optional<bool> asked) {
  if (terminal.is_terminal) return asked.value_or(true) ? ProgressMode::kBar : ProgressMode::kNone;
  return asked.value_or(false) ? ProgressMode::kLines : ProgressMode::kNone;
}

ProgressMeter::ProgressMeter(std::ostream& out, const Terminal& terminal, ProgressMode mode, Clock clock)
    : out_(out), terminal_(terminal), mode_(mode), clock_(std::move(clock)), next_update_(absl::InfinitePast()) {
  // What is over within five seconds needs no lines.
  if (mode_ == ProgressMode::kLines) next_update_ = clock_() + kLineInterval;
}

ProgressMeter::~ProgressMeter() { Clear(); }

bool ProgressMeter::IsDue() const { return mode_ != ProgressMode::kNone && clock_() >= next_update_; }

void ProgressMeter::Update(const ProgressView& view) {
  if (!IsDue()) return;
  if (mode_ == ProgressMode::kBar) {
    // The last column stays free: some terminals wrap when it is written.
    out_ << '\r' << RenderProgress(view, std::max(1, terminal_.width_columns - 1)) << "\x1b[K" << std::flush;
    is_shown_ = true;
    next_update_ = clock_() + kBarInterval;
    return;
  }
  ProgressView line = view;
  if (view.fraction.has_value()) {
    line.facts.insert(line.facts.begin(), absl::StrFormat("%d %%", static_cast<int>(*view.fraction * 100)));
  }
  line.fraction.reset();
  out_ << RenderProgress(line, 0) << std::endl;
  next_update_ = clock_() + kLineInterval;
}

void ProgressMeter::Clear() {
  if (!is_shown_) return;
  out_ << "\r\x1b[K" << std::flush;
  is_shown_ = false;
  next_update_ = absl::InfinitePast();
}

}  // namespace millrace::cli
