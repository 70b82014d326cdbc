//===- TrainerCache.cpp - Compiled trainers of earlier runs ---------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/qtc/TrainerCache.h"

#include "compiler/Import/ONNX/Import.h"
#include "compiler/Support/FileHash.h"
#include "compiler/Target/CPU/Link.h"
#include "compiler/Target/CUDA/Assembler.h"
#include "runtime/include/qtcrt/ShellCommand.h"

#include "llvm/ADT/ScopeExit.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Process.h"
#include "llvm/Support/Regex.h"
#include "llvm/Support/raw_ostream.h"

#include <fcntl.h>
#include <map>
#include <sys/stat.h>
#include <unistd.h>

using namespace qtc;
using namespace qtc::tools;
namespace fs = llvm::sys::fs;
namespace path = llvm::sys::path;

static constexpr uint64_t kDefaultLimitMiB = 2048;
/// Bytes of the model's name in a trainer's name, which has 255 bytes at most.
static constexpr size_t kMaxNameBytes = 100;
/// The text before the hash at the end of a trainer.
static constexpr llvm::StringLiteral kSeal = "\nqtc trainer ";
static constexpr size_t kHashDigits = 32, kSizeDigits = 16;
static constexpr llvm::StringLiteral kLockSuffix = ".lock";
static constexpr llvm::StringLiteral kNewSuffix = ".new";

static llvm::Error makeError(const llvm::Twine &what, std::error_code code) {
  return llvm::createStringError(what + ": " + code.message());
}

//===----------------------------------------------------------------------===//
// Key
//===----------------------------------------------------------------------===//

/// The options that determine a trainer, with one spelling for each meaning.
static llvm::json::Object describeOptions(const CompileOptions &options) {
  llvm::json::Object scheme;
  const Optimizer *optimizer =
      options.scheme->getOptimizer(options.schemeRequest);
  for (const SchemeOption &option :
       options.scheme->getOptions(options.schemeRequest))
    scheme[option.name] = options.schemeRequest.get(option);
  llvm::json::Array batches(options.batches);
  llvm::json::Array targets, devices, mean, std, layers, outputs;
  for (const TrainedOutput &output : options.outputs)
    outputs.push_back(output.spell());
  for (const LayerSetting &setting : options.layers)
    layers.push_back(setting.spell());
  for (const cpu::TargetRecord *target : options.targets)
    targets.push_back(target->name);
  for (const cuda::TargetRecord *device : options.devices)
    devices.push_back(device->name);
  for (double value : options.mean)
    mean.push_back(value);
  for (double value : options.std)
    std.push_back(value);
  return llvm::json::Object{
      {"name", path::stem(options.modelPath)},
      {"scheme", options.scheme->name},
      {"scheme options", std::move(scheme)},
      {"optimizer", optimizer ? optimizer->name : ""},
      {"scheme init", options.schemeRequest.schemeInit},
      {"batches", std::move(batches)},
      {"outputs", std::move(outputs)},
      {"layers", std::move(layers)},
      {"inputs", spellInputs(options.inputs)},
      {"class axis", options.classAxis},
      {"normalize", options.normalize},
      {"mean", std::move(mean)},
      {"std", std::move(std)},
      {"targets", std::move(targets)},
      {"devices", std::move(devices)},
      {"machine code", options.machineCode},
      {"microkernels", options.microkernels},
      {"assert integer", options.assertInteger && options.scheme->isInteger}};
}

llvm::Expected<std::string>
tools::getTrainerKey(const CompileOptions &options) {
  llvm::Expected<std::string> model =
      onnx_import::hashOnnxFile(options.modelPath);
  if (!model)
    return model.takeError();
  std::string text =
      llvm::formatv("{0}", llvm::json::Value(describeOptions(options))).str();
  text += *model;
  llvm::Expected<std::vector<std::string>> files = cpu::getLinkInputs();
  if (!files)
    return files.takeError();
  files->push_back(fs::getMainExecutable(nullptr, nullptr));
  if (options.machineCode) {
    llvm::Expected<std::string> assembler = cuda::findAssembler();
    if (!assembler)
      return assembler.takeError();
    files->push_back(*assembler);
  }
  for (const std::string &file : *files) {
    llvm::Expected<std::string> hash = hashFile(file);
    if (!hash)
      return hash.takeError();
    text += *hash;
  }
  return hashBytes(text);
}

//===----------------------------------------------------------------------===//
// Folder
//===----------------------------------------------------------------------===//

/// $XDG_CACHE_HOME/qtc or ~/.cache/qtc, as the XDG base directories define.
static llvm::Expected<std::string> findFolder() {
  llvm::SmallString<128> folder;
  auto given = llvm::sys::Process::GetEnv("XDG_CACHE_HOME");
  if (given && path::is_absolute(*given))
    folder = *given;
  else if (path::home_directory(folder) && path::is_absolute(folder))
    path::append(folder, ".cache");
  else
    return llvm::createStringError(
        "no folder for compiled trainers: there is no home folder; set "
        "XDG_CACHE_HOME to one, or use `qtc compile`");
  path::append(folder, "qtc");
  return folder.str().str();
}

/// Whether a file belongs to this user and nobody else can write to it.
static bool isPrivate(const struct stat &status) {
  return status.st_uid == ::geteuid() && !(status.st_mode & 022);
}

/// Checks that nobody else can put programs into the folder.
static llvm::Error checkFolder(const std::string &folder) {
  struct stat status;
  if (::stat(folder.c_str(), &status) != 0)
    return makeError("cannot open the cache folder '" + folder + "'",
                     std::error_code(errno, std::generic_category()));
  if (!S_ISDIR(status.st_mode))
    return llvm::createStringError("the cache folder '" + folder +
                                   "' is not a folder; remove it, or set "
                                   "XDG_CACHE_HOME to another place");
  if (isPrivate(status))
    return llvm::Error::success();
  return llvm::createStringError(
      status.st_uid != ::geteuid()
          ? "the cache folder '" + folder +
                "' belongs to another user, so its programs are not run; set "
                "XDG_CACHE_HOME to a folder of your own"
          : "other users can write to the cache folder '" + folder +
                "', so its programs are not run; use `chmod go-w " +
                qtcrt::quoteForShell(folder) +
                "`, or set XDG_CACHE_HOME to another folder");
}

static llvm::Expected<uint64_t> readLimit() {
  uint64_t mebibytes = kDefaultLimitMiB;
  auto given = llvm::sys::Process::GetEnv("QTC_CACHE_LIMIT");
  if (given && !given->empty() &&
      (llvm::StringRef(*given).getAsInteger(10, mebibytes) ||
       mebibytes > UINT64_MAX >> 20))
    return llvm::createStringError(
        "QTC_CACHE_LIMIT: expected a number of MiB, but got '" + *given + "'");
  return mebibytes << 20;
}

llvm::Expected<TrainerCache> TrainerCache::find() {
  TrainerCache cache;
  llvm::Expected<std::string> folder = findFolder();
  if (!folder)
    return folder.takeError();
  cache.folder = std::move(*folder);
  llvm::Expected<uint64_t> limit = readLimit();
  if (!limit)
    return limit.takeError();
  cache.limit = *limit;
  if (fs::exists(cache.folder))
    if (llvm::Error error = checkFolder(cache.folder))
      return std::move(error);
  return cache;
}

llvm::Error TrainerCache::create() const {
  if (std::error_code code = fs::create_directories(
          folder, /*IgnoreExisting=*/true, fs::owner_all))
    return makeError("cannot create the cache folder '" + folder + "'", code);
  return checkFolder(folder);
}

//===----------------------------------------------------------------------===//
// Locks
//===----------------------------------------------------------------------===//

namespace {
/// The lock of a trainer, which dies with the process.
class EntryLock {
public:
  /// Waits for the lock, or returns without it if another process has it;
  /// `isHeld` is false then.
  static llvm::Expected<EntryLock> take(const std::string &trainer, bool wait);
  EntryLock(EntryLock &&other)
      : descriptor(std::exchange(other.descriptor, -1)),
        path(std::move(other.path)) {}
  ~EntryLock() { release(); }

  bool isHeld() const { return descriptor >= 0; }
  /// Removes the file of the lock, too, when nobody needs it any more.
  void removeFile() { fs::remove(path); }

private:
  EntryLock() = default;
  void release() {
    if (descriptor >= 0)
      ::close(descriptor);
    descriptor = -1;
  }

  int descriptor = -1;
  std::string path;
};
} // namespace

llvm::Expected<EntryLock> EntryLock::take(const std::string &trainer,
                                          bool wait) {
  EntryLock lock;
  lock.path = trainer + kLockSuffix.str();
  while (true) {
    if (std::error_code code = fs::openFileForReadWrite(
            lock.path, lock.descriptor, fs::CD_OpenAlways, fs::OF_None, 0600))
      return makeError("cannot open '" + lock.path + "'", code);
    std::error_code code =
        wait ? fs::lockFile(lock.descriptor) : fs::tryLockFile(lock.descriptor);
    if (code) {
      lock.release();
      if (!wait && code == std::errc::no_lock_available)
        return lock;
      return llvm::createStringError(
          "cannot lock '" + lock.path + "': " + code.message() +
          "; set XDG_CACHE_HOME to a folder on a local disk");
    }
    // The previous owner may have removed the file.
    struct stat opened, named;
    if (::fstat(lock.descriptor, &opened) == 0 &&
        ::stat(lock.path.c_str(), &named) == 0 &&
        opened.st_ino == named.st_ino && opened.st_dev == named.st_dev)
      return lock;
    lock.release();
  }
}

//===----------------------------------------------------------------------===//
// Trainers
//===----------------------------------------------------------------------===//

static llvm::Error append(const std::string &file, const llvm::Twine &text) {
  std::error_code code;
  llvm::raw_fd_ostream stream(file, code, fs::OF_Append);
  if (!code) {
    stream << text;
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  return code ? makeError("cannot write '" + file + "'", code)
              : llvm::Error::success();
}

/// Appends the notes, a line each, their size, and the hash of all bytes before
/// it. Bytes after the sections of an executable are not read by anything.
static llvm::Error sealTrainer(const std::string &trainer,
                               const TrainerCache::Notes &notes) {
  std::string text = llvm::join(notes, "\n");
  if (llvm::Error error =
          append(trainer, text + llvm::formatv("{0:x-16}", text.size()).str()))
    return error;
  llvm::Expected<std::string> hash = hashFile(trainer);
  if (!hash)
    return hash.takeError();
  return append(trainer, kSeal + *hash);
}

/// The notes of `trainer` if it is a whole program that this process may run.
static std::optional<TrainerCache::Notes>
readIntact(const std::string &trainer) {
  struct stat status;
  if (::lstat(trainer.c_str(), &status) != 0 || !S_ISREG(status.st_mode) ||
      !isPrivate(status) || !fs::can_execute(trainer))
    return std::nullopt;
  // The file is read rather than mapped, so that a shrinking file cannot end
  // the process.
  auto buffer = llvm::MemoryBuffer::getFile(trainer, /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false,
                                            /*IsVolatile=*/true);
  if (!buffer)
    return std::nullopt;
  llvm::StringRef bytes = (*buffer)->getBuffer(),
                  hash = bytes.take_back(kHashDigits);
  bytes = bytes.drop_back(hash.size());
  if (!bytes.consume_back(kSeal) || hash != hashBytes(bytes))
    return std::nullopt;
  size_t size = 0;
  if (bytes.take_back(kSizeDigits).getAsInteger(16, size))
    return std::nullopt;
  bytes = bytes.drop_back(kSizeDigits).take_back(size);
  TrainerCache::Notes notes;
  for (llvm::StringRef line : llvm::split(bytes, '\n'))
    if (!line.empty())
      notes.push_back(line.str());
  return notes;
}

/// The longest part of `name` that fits, without letters that are cut.
static llvm::StringRef shorten(llvm::StringRef name) {
  size_t bytes = std::min(name.size(), kMaxNameBytes);
  while (bytes > 0 && bytes < name.size() && (name[bytes] & 0xc0) == 0x80)
    --bytes;
  return name.take_front(bytes);
}

/// Compiles to a new file, which replaces `trainer` when it is complete.
static llvm::Error build(
    const std::string &trainer,
    llvm::function_ref<llvm::Expected<TrainerCache::Notes>(const std::string &)>
        compile) {
  std::string made = trainer + kNewSuffix.str();
  auto cleanUp = llvm::make_scope_exit([&] { fs::remove(made); });
  fs::remove(made); // left over from a process that was killed
  llvm::Expected<TrainerCache::Notes> notes = compile(made);
  if (!notes)
    return notes.takeError();
  if (llvm::Error error = sealTrainer(made, *notes))
    return error;
  if (std::error_code code = fs::setPermissions(made, fs::owner_all))
    return makeError("cannot write '" + made + "'", code);
  if (std::error_code code = fs::rename(made, trainer))
    return makeError("cannot write '" + trainer + "'", code);
  return llvm::Error::success();
}

llvm::Expected<std::string> TrainerCache::get(
    llvm::StringRef name, llvm::StringRef key,
    llvm::function_ref<llvm::Expected<Notes>(const std::string &)> compile,
    llvm::function_ref<void(const Notes &)> recall) {
  if (llvm::Error error = create())
    return std::move(error);
  llvm::SmallString<256> place(folder);
  path::append(place, shorten(name) + "-" + key);
  std::string trainer = place.str().str();
  llvm::Expected<EntryLock> lock = EntryLock::take(trainer, /*wait=*/true);
  if (!lock)
    return lock.takeError();
  if (std::optional<Notes> notes = readIntact(trainer)) {
    recall(*notes);
    // Sets the time of the last use.
    (void)::utimensat(AT_FDCWD, trainer.c_str(), nullptr, 0);
    return trainer;
  }
  if (llvm::Error error = build(trainer, compile))
    return std::move(error);
  if (llvm::Error error = shrink(trainer))
    return std::move(error);
  return trainer;
}

//===----------------------------------------------------------------------===//
// Upkeep
//===----------------------------------------------------------------------===//

/// The trainer that the file `name` belongs to, "" if there is none. This
/// includes trainers with the keys of older compilers.
static llvm::StringRef getTrainerName(llvm::StringRef name) {
  static const llvm::Regex pattern(
      "^(.*-([0-9a-f]{32}|[0-9A-F]{12,16}))(\\.lock|\\.new)?$");
  llvm::SmallVector<llvm::StringRef, 4> groups;
  return pattern.match(name, &groups) ? groups[1] : "";
}

llvm::Expected<std::vector<TrainerCache::Entry>> TrainerCache::list() const {
  std::map<std::string, Entry> found;
  std::error_code code;
  for (fs::directory_iterator file(folder, code), end; file != end && !code;
       file.increment(code)) {
    fs::file_status status;
    llvm::StringRef name = getTrainerName(path::filename(file->path()));
    if (name.empty() || fs::status(file->path(), status, /*follow=*/false) ||
        !fs::is_regular_file(status))
      continue;
    Entry &entry = found[name.str()];
    entry.path = (folder + "/" + name).str();
    entry.bytes += status.getSize();
    entry.lastUse = std::max(entry.lastUse, status.getLastModificationTime());
  }
  if (code && code != std::errc::no_such_file_or_directory)
    return makeError("cannot read the cache folder '" + folder + "'", code);
  std::vector<Entry> entries;
  for (auto &item : found)
    entries.push_back(std::move(item.second));
  llvm::sort(entries, [](const Entry &a, const Entry &b) {
    return a.lastUse < b.lastUse;
  });
  return entries;
}

/// False if another process compiles the trainer.
static llvm::Expected<bool> removeEntry(const TrainerCache::Entry &entry) {
  llvm::Expected<EntryLock> lock = EntryLock::take(entry.path, /*wait=*/false);
  if (!lock)
    return lock.takeError();
  if (!lock->isHeld())
    return false;
  for (const std::string &file : {entry.path, entry.path + kNewSuffix.str()})
    if (std::error_code code = fs::remove(file))
      return makeError("cannot remove '" + file + "'", code);
  lock->removeFile();
  return true;
}

llvm::Expected<unsigned> TrainerCache::clear() {
  llvm::Expected<std::vector<Entry>> entries = list();
  if (!entries)
    return entries.takeError();
  unsigned count = 0;
  for (const Entry &entry : *entries) {
    llvm::Expected<bool> removed = removeEntry(entry);
    if (!removed)
      return removed.takeError();
    count += *removed && entry.bytes > 0;
  }
  return count;
}

llvm::Error TrainerCache::shrink(llvm::StringRef kept) {
  llvm::Expected<std::vector<Entry>> entries = list();
  if (!entries)
    return entries.takeError();
  uint64_t total = 0;
  for (const Entry &entry : *entries)
    total += entry.bytes;
  for (const Entry &entry : *entries) {
    if (total <= limit)
      break;
    if (entry.path == kept)
      continue;
    llvm::Expected<bool> removed = removeEntry(entry);
    if (!removed)
      return removed.takeError();
    if (*removed)
      total -= entry.bytes;
  }
  return llvm::Error::success();
}
