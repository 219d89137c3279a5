#include "core/ingest/spool_file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "absl/strings/str_cat.h"
#include "core/base/error.h"

namespace millrace {

absl::StatusOr<std::unique_ptr<SpoolFile>> SpoolFile::Create(const std::string& folder) {
  MILLRACE_RETURN_IF_ERROR(CreateFolders(folder));
  std::string path = absl::StrCat(folder, "/import-XXXXXX");
  const int fd = ::mkostemp(path.data(), O_CLOEXEC);
  if (fd < 0) return ErrnoError(errno, absl::StrCat("create a file in ", folder));
  ::close(fd);
  absl::StatusOr<std::unique_ptr<FileWriter>> writer = FileWriter::Create(path);
  if (!writer.ok()) {
    ::unlink(path.c_str());
    return std::move(writer).status();
  }
  return std::unique_ptr<SpoolFile>(new SpoolFile(*std::move(writer)));
}

SpoolFile::~SpoolFile() { ::unlink(path().c_str()); }

}  // namespace millrace
