// What CreateVocabulary makes a vocabulary from.
#pragma once

#include <functional>
#include <string>

#include "absl/status/statusor.h"
#include "core/vocabulary/vocabulary.h"
#include "millrace/v1/vocabulary_service.pb.h"
#include "server/rpc/services.h"

namespace millrace {

struct MadeVocabulary {
  Vocabulary vocabulary;
  std::string snapshot;  // its digest; empty: a file
};

// Errors as the contract lists them; those of a file's content are kVocabularyInvalid. kCancelled when `cancelled`
// returns true.
absl::StatusOr<MadeVocabulary> MakeVocabulary(const ServiceDeps& deps, const v1::CreateVocabularyRequest& request,
                                              const std::function<bool()>& cancelled);

}  // namespace millrace
