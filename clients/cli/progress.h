// How far a long command is: a bar that redraws itself on a terminal, or a line every few seconds elsewhere.
#pragma once

#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "clients/cli/display.h"

namespace millrace::cli {

// One state of a command.
struct ProgressView {
  std::string label;
  // Done, 0 to 1; absent when the whole is not known.
  std::optional<double> fraction;
  // What follows the bar, the most important first: what does not fit is left out.
  std::vector<std::string> facts;
};

// One line of at most `width_columns` (0: no limit): label, bar if there is a fraction and room, facts.
std::string RenderProgress(const ProgressView& view, int width_columns);

// What is left to do at the speed so far; absent before there is a speed.
std::optional<absl::Duration> EstimateRemaining(double fraction, absl::Duration elapsed);

enum class ProgressMode {
  kNone,
  kBar,    // redraws one line; only for terminals
  kLines,  // a line every few seconds, for logs
};

// A bar on a terminal unless `asked` says no; else lines if `asked` says yes; else nothing.
ProgressMode ChooseProgressMode(const Terminal& terminal, std::optional<bool> asked);

// Not thread-safe.
class ProgressMeter {
 public:
  using Clock = std::function<absl::Time()>;

  // `out` is borrowed. The clock is for tests.
  ProgressMeter(std::ostream& out, const Terminal& terminal, ProgressMode mode, Clock clock = absl::Now);
  // Clears the bar.
  ~ProgressMeter();
  ProgressMeter(const ProgressMeter&) = delete;
  ProgressMeter& operator=(const ProgressMeter&) = delete;

  // Shows the view if it is time to: a bar ten times a second at most, lines every 5 s.
  void Update(const ProgressView& view);
  // Whether Update would show something now. Saves making the view.
  bool IsDue() const;
  // Takes the bar away, so that something else can be printed; the next Update draws it again.
  void Clear();

 private:
  std::ostream& out_;
  const Terminal terminal_;
  const ProgressMode mode_;
  const Clock clock_;
  absl::Time next_update_;
  bool is_shown_ = false;
};

}  // namespace millrace::cli
