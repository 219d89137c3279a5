// Files of vocabularies: any bytes are a vocabulary, which as a file is the same one, or kVocabularyInvalid.
#include "core/base/error.h"
#include "core/vocabulary/vocabulary_csv.h"
#include "tests/fuzz/check.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto vocabulary = millrace::ParseVocabularyCsv(millrace::fuzz::Text(data, size));
  if (!vocabulary.ok()) {
    FUZZ_CHECK(millrace::ReasonOf(vocabulary.status()) == millrace::Reason::kVocabularyInvalid);
    return 0;
  }
  const auto again = millrace::ParseVocabularyCsv(millrace::VocabularyCsvOf(vocabulary->entries()));
  FUZZ_CHECK(again.ok() && again->entries() == vocabulary->entries());
  return 0;
}
