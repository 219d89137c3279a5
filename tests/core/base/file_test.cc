// Goal: what is written is there, whatever the sizes of the pieces; errors name the path; one process locks a folder.
// Method: a temporary folder.

#include "core/base/file.h"

#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

#include "core/base/error.h"
#include "tests/support/catch.h"

namespace millrace {
namespace {

class TempFolder {
 public:
  TempFolder() : path_((std::filesystem::temp_directory_path() / "millrace-test.XXXXXX").string()) {
    REQUIRE(mkdtemp(path_.data()) != nullptr);
  }
  ~TempFolder() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  REQUIRE(file.good());
  return std::string(std::istreambuf_iterator<char>(file), {});
}

TEST_CASE("pieces of any size come out in order") {
  TempFolder folder;
  auto writer = *FileWriter::Create(folder / "file");
  std::mt19937 random(1);
  std::string expected;
  for (const size_t size : {0u, 1u, 1u << 20, (1u << 20) - 1, 2u, (1u << 20) + 1, 3u << 20, 5u, 700'000u, 700'000u}) {
    std::string piece(size, '\0');
    for (char& c : piece) c = static_cast<char>(random());
    REQUIRE(writer->Append(piece.data(), piece.size()).ok());
    expected += piece;
    CHECK(writer->size_bytes() == static_cast<int64_t>(expected.size()));
  }
  REQUIRE(writer->Flush().ok());
  CHECK((Contents(folder / "file") == expected));
  REQUIRE(writer->Append("end", 3).ok());
  REQUIRE(writer->Sync().ok());
  CHECK((Contents(folder / "file") == expected + "end"));
}

TEST_CASE("folders are created with their parents, and again, but not over a file") {
  TempFolder folder;
  for (int time = 0; time < 2; ++time) {
    REQUIRE(CreateFolders(folder / "a/b/c").ok());
    CHECK(std::filesystem::is_directory(folder / "a/b/c"));
    REQUIRE(CreateFolders(folder / "a/d/").ok());
    CHECK(std::filesystem::is_directory(folder / "a/d"));
  }
  CHECK(CreateFolders("/").ok());
  CHECK(CreateFolders(".").ok());
  std::ofstream(folder / "file") << "content";
  for (const char* const path : {"file", "file/below"}) {
    const absl::Status status = CreateFolders(folder / path);
    CHECK(ReasonOf(status) == Reason::kIoError);
    CHECK(std::string(status.message()).find(folder / "file") != std::string::npos);
  }
  std::filesystem::create_symlink(folder / "nowhere", folder / "dangling");
  CHECK(ReasonOf(CreateFolders(folder / "dangling")) == Reason::kIoError);
}

TEST_CASE("a folder that is there needs nothing of the one above") {
  // A file system without a sync of folders.
  if (std::filesystem::is_directory("/proc/self")) CHECK(CreateFolders("/proc/self").ok());
  TempFolder folder;
  REQUIRE(CreateFolders(folder / "a/b").ok());
  std::filesystem::permissions(folder / "a", std::filesystem::perms::owner_exec | std::filesystem::perms::owner_write);
  CHECK(CreateFolders(folder / "a/b").ok());
  CHECK(CreateFolders(folder / "a/b//").ok());
  CHECK(CreateFolders(folder / "a/c/").ok());
  std::filesystem::permissions(folder / "a", std::filesystem::perms::owner_all);
}

TEST_CASE("creating again starts anew; an empty file maps as nothing") {
  TempFolder folder;
  REQUIRE((*FileWriter::Create(folder / "file"))->Append("x", 1).ok());
  REQUIRE((*FileWriter::Create(folder / "file"))->Sync().ok());
  CHECK(Contents(folder / "file").empty());
}

TEST_CASE("the free space of a disk is that of the file system that holds the path") {
  TempFolder folder;
  const absl::StatusOr<int64_t> free_bytes = FreeDiskBytes(folder.path());
  REQUIRE(free_bytes.ok());
  CHECK(*free_bytes > 0);
  CHECK(ReasonOf(FreeDiskBytes(folder / "none").status()) == Reason::kIoError);
}

TEST_CASE("a full disk is an error that says so") {
  if (access("/dev/full", W_OK) != 0) return;  // only Linux has it
  auto writer = *FileWriter::Create("/dev/full");
  REQUIRE(writer->Append("x", 1).ok());  // buffered
  CHECK(ReasonOf(writer->Flush()) == Reason::kDiskFull);
}

TEST_CASE("errors name the path") {
  TempFolder folder;
  const std::string none = folder / "none/file";
  for (const absl::Status& status : {FileWriter::Create(none).status(), RenameDurably(none, folder / "x"),
                                     SyncFolder(none), FolderLock::Acquire(none).status()}) {
    CHECK(ReasonOf(status) == Reason::kIoError);
    CHECK_THAT(std::string(status.message()), Catch::Contains(folder.path()));
  }
  REQUIRE((*FileWriter::Create(folder / "file"))->Flush().ok());
  CHECK(ReasonOf(CreateFolders(folder / "file/below")) == Reason::kIoError);
}

TEST_CASE("folders, renames and removals") {
  TempFolder folder;
  REQUIRE(CreateFolders(folder / "a/b/c").ok());
  REQUIRE(CreateFolders(folder / "a/b/c").ok());
  REQUIRE((*FileWriter::Create(folder / "a/file"))->Flush().ok());
  REQUIRE((*FileWriter::Create(folder / "a/b/old"))->Append("old", 3).ok());
  REQUIRE(RenameDurably(folder / "a/file", folder / "a/b/old").ok());
  CHECK(Contents(folder / "a/b/old").empty());
  CHECK(!std::filesystem::exists(folder / "a/file"));
  CHECK(RemoveFile(folder / "a/b/old").ok());
  CHECK(RemoveFile(folder / "a/b/old").ok());
  CHECK(SyncFolder(folder / "a").ok());
}

TEST_CASE("a folder is locked once, and free again when its owner lets go or dies") {
  TempFolder folder;
  auto lock = *FolderLock::Acquire(folder.path());
  const absl::Status second = FolderLock::Acquire(folder.path()).status();
  CHECK(ReasonOf(second) == Reason::kDataFolderLocked);
  CHECK_THAT(std::string(second.message()), Catch::Contains("process " + std::to_string(getpid())));
  lock.reset();

  const pid_t child = fork();
  if (child == 0) {
    const auto held = FolderLock::Acquire(folder.path());
    _exit(held.ok() ? 0 : 1);  // without the destructor, as a killed process
  }
  int status = -1;
  REQUIRE(waitpid(child, &status, 0) == child);
  CHECK(status == 0);
  CHECK(FolderLock::Acquire(folder.path()).ok());
}

}  // namespace
}  // namespace millrace
