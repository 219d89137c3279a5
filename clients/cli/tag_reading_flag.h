// The flag --tags: which tags a post has; and whether a server knows of it.
#pragma once

#include <string>

#include "clients/cli/command.h"
#include "clients/cli/exit_code.h"
#include "clients/cli/outcome.h"
#include "millrace/v1/post.pb.h"

namespace millrace::cli {

class TagReadingFlag {
 public:
  // `what` ends the description: "which tags a post has, in ...".
  CLI::Option* AddTo(CLI::App& app, const std::string& what) {
    return app
        .add_option("--tags", word_,
                    "Which tags a post has" + what +
                        ": as-said, those that it said; applied, with aliases and "
                        "implications applied. As said when left out")
        ->check(CLI::IsMember({"as-said", "applied"}));
  }

  // Unspecified when the flag is left out.
  v1::TagReading value() const {
    if (word_.empty()) return v1::TAG_READING_UNSPECIFIED;
    return word_ == "applied" ? v1::TAG_READING_APPLIED : v1::TAG_READING_AS_SAID;
  }

 private:
  std::string word_;
};

// Fails when a server did something ("made plan ab12") by another reading than was asked for: one of before there were
// readings passes the field over without a word.
inline Outcome CheckTagReading(v1::TagReading asked, v1::TagReading followed, const std::string& did) {
  if (asked != v1::TAG_READING_APPLIED || followed == v1::TAG_READING_APPLIED) return {};
  Outcome outcome;
  outcome.exit_code = ExitCode::kRefused;
  outcome.message = "the server is too old to apply aliases and implications: it " + did + " by tags as said";
  outcome.hint = "Update the server, or leave --tags applied out.";
  return outcome;
}

}  // namespace millrace::cli
