// The flag --tags: which tags a post has.
#pragma once

#include <string>

#include "clients/cli/command.h"
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

}  // namespace millrace::cli
