#include "core/snapshot/work_folder.h"

#include <stdlib.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"
#include "core/snapshot/format.h"

namespace millrace::snapshot_file {

absl::StatusOr<std::unique_ptr<WorkFolder>> WorkFolder::Create(const std::string& parent) {
  std::string path = absl::StrCat(parent, "/", kWorkFolderPrefix, "XXXXXX");
  if (mkdtemp(path.data()) == nullptr) return ErrnoError(errno, absl::StrCat("create folder ", path));
  return std::unique_ptr<WorkFolder>(new WorkFolder(std::move(path)));
}

WorkFolder::~WorkFolder() {
  std::error_code ignored;  // what cannot be removed now is removed when the store is opened the next time
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace millrace::snapshot_file
