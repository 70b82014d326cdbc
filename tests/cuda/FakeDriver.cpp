//===- FakeDriver.cpp - a libcuda for machines without a GPU --------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Replaces libcuda.so.1 in tests of runtime/cuda. Memory is the host's, kernels
// are functions of a library that `emulate-launches` made, and graphs are lists
// of closures. The operations of streams are done at once, except those of one
// stream: these are done when something waits for them, so a missing wait
// changes the results. The destination of a copy to the host holds garbage
// until the copy is done, and a copy from the host detects changes of its
// source. Wrong use of the driver is an error as in the real one. The
// environment describes the machine:
//   QTC_FAKE_CUDA_KERNELS      library with the kernels
//   QTC_FAKE_CUDA_CAPABILITY   ten times the compute capability (default 80)
//   QTC_FAKE_CUDA_FREE         free bytes of the device (default 1 GiB)
//   QTC_FAKE_CUDA_DEVICES      number of devices (default 1)
//   QTC_FAKE_CUDA_REFUSES      code that cannot be loaded: ptx or cubin
//   QTC_FAKE_CUDA_CLOCK        no kernel is run; a launch takes microseconds by
//                              events: one a block ('blocks') or one a thread
//                              of a block ('threads')
//   QTC_FAKE_CUDA_LATE         number of the stream that is late, in the order
//                              of their creation (default 0)
//
//===----------------------------------------------------------------------===//

#include "cuda/Driver.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <dlfcn.h>
#include <elf.h>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

// A kernel's function takes its block, the numbers of blocks, of threads and of
// bytes of dynamic shared memory, then its arguments; a caller may give more
// arguments than it has.
constexpr size_t mostArguments = 24, firstArgument = 4;

struct CUfunc_st {
  void *entry = nullptr;
  size_t arguments = 0;
  unsigned mostSharedBytes = qtcrt::cuda::freeSharedBytes;
};
struct CUmod_st {
  std::map<std::string, size_t> arguments; ///< of each kernel
  void *library = nullptr;
  std::map<std::string, CUfunc_st> functions;
};
struct CUgraph_st {
  std::vector<std::function<void()>> nodes;
};
struct CUgraphExec_st : CUgraph_st {};
struct CUevent_st {
  CUstream stream = nullptr; ///< in which it was last recorded
  uint64_t recorded = 0, reached = 0;
  bool hasTime = true;
  std::chrono::steady_clock::time_point time; ///< when it was reached
};
/// An operation of a stream: work, or reaching an event, or waiting until an
/// event was reached as often as it had been recorded by then.
struct Operation {
  std::function<void()> work;
  CUevent reaches = nullptr, waits = nullptr;
  uint64_t count = 0;

  bool isBlocked() const { return waits && waits->reached < count; }
};
struct CUstream_st {
  std::unique_ptr<CUgraph_st> recording;
  std::deque<Operation> queue;
  bool isLate = false;
};
struct CUctx_st {};

namespace {

constexpr CUresult invalidValue = 1, outOfMemory = 2, noBinary = 209,
                   notFound = 500, notPermitted = 800;

uint64_t getSetting(const char *name, uint64_t otherwise) {
  const char *text = std::getenv(name);
  return text ? std::strtoull(text, nullptr, 10) : otherwise;
}

/// The part of a multiprocessor's shared memory that a kernel may have.
unsigned getMostSharedBytes() {
  uint64_t capability = getSetting("QTC_FAKE_CUDA_CAPABILITY", 80);
  unsigned kilobytes = capability == 75                       ? 64
                       : capability == 80 || capability == 87 ? 163
                       : capability / 10 == 9                 ? 227
                                                              : 99;
  return kilobytes << 10;
}

CUctx_st onlyContext;
bool isCurrent = false, isRecording = false;
std::map<CUdeviceptr, size_t> allocations;

/// Whether [address, address + bytes) was allocated.
bool isInside(CUdeviceptr address, size_t bytes) {
  auto next = allocations.upper_bound(address);
  if (next == allocations.begin())
    return false;
  auto [start, size] = *std::prev(next);
  return address + bytes <= start + size;
}

/// The rule that advances the clock if no kernel is run, or null.
const char *getClock() { return std::getenv("QTC_FAKE_CUDA_CLOCK"); }
std::chrono::microseconds passed{0}; ///< by that clock

std::chrono::steady_clock::time_point now() {
  return getClock() ? std::chrono::steady_clock::time_point(++passed)
                    : std::chrono::steady_clock::now();
}

std::vector<CUstream> streams;
uint64_t createdStreams = 0;

/// Runs the first operation of a stream, which is not blocked.
void runFirst(CUstream stream) {
  Operation operation = std::move(stream->queue.front());
  stream->queue.pop_front();
  if (operation.work)
    operation.work();
  if (!operation.reaches)
    return;
  operation.reaches->reached = operation.count;
  operation.reaches->time = now();
}

/// Runs all operations that need not wait.
void advance() {
  bool hasRun = true;
  while (std::exchange(hasRun, false))
    for (CUstream stream : streams)
      while (!stream->isLate && !stream->queue.empty() &&
             !stream->queue.front().isBlocked()) {
        runFirst(stream);
        hasRun = true;
      }
}

/// Runs a stream until `isDone`, and others as far as that needs them. False if
/// it waits for ever.
bool force(CUstream stream, const std::function<bool()> &isDone) {
  while (!isDone() && !stream->queue.empty()) {
    const Operation &first = stream->queue.front();
    if (!first.isBlocked()) {
      runFirst(stream);
      continue;
    }
    CUevent event = first.waits;
    uint64_t count = first.count;
    if (event->stream == stream || !force(event->stream, [event, count] {
          return event->reached >= count;
        }))
      return false;
  }
  advance();
  return isDone();
}

CUresult enqueue(CUstream stream, Operation operation) {
  stream->queue.push_back(std::move(operation));
  advance();
  return 0;
}

CUresult enqueue(CUstream stream, std::function<void()> work) {
  if (stream->recording) {
    stream->recording->nodes.push_back(std::move(work));
    return 0;
  }
  return enqueue(stream, Operation{std::move(work)});
}

[[noreturn]] void failLate(const char *text) {
  std::fprintf(stderr, "error: emulated driver: %s\n", text);
  std::_Exit(1);
}

template <size_t... Index>
void callEntry(void *entry, const uint64_t *words,
               std::index_sequence<Index...> /*unused*/) {
  reinterpret_cast<void (*)(decltype((void)Index, uint64_t())...)>(entry)(
      words[Index]...);
}

/// Kernels of a PTX text and their numbers of parameters; none if it is for
/// newer devices, or for others with features of their own.
std::map<std::string, size_t> readText(const std::string &code,
                                       uint64_t capability) {
  std::map<std::string, size_t> kernels;
  size_t target = code.find(".target sm_");
  if (target == std::string::npos)
    return {};
  char *suffix;
  uint64_t needed = std::strtoull(&code[target + 11], &suffix, 10);
  if (needed > capability || (*suffix == 'a' && needed != capability))
    return {};
  const std::string entry = ".entry ", parameter = ".param";
  for (size_t at = code.find(entry); at != std::string::npos;
       at = code.find(entry, at + 1)) {
    size_t name = at + entry.size(), begin = code.find('(', name);
    size_t end = code.find(')', begin);
    size_t &count = kernels[code.substr(name, begin - name)];
    for (size_t i = code.find(parameter, begin); i < end;
         i = code.find(parameter, i + 1))
      ++count;
  }
  return kernels;
}

/// Bytes of a kernel's parameters: the entry of its information that gives
/// their place in constant memory.
size_t readParameterBytes(const uint8_t *info, size_t bytes) {
  constexpr uint8_t withSize = 4, constantBank = 10;
  for (size_t at = 0; at + 4 <= bytes;) {
    uint16_t size, parameters;
    std::memcpy(&size, info + at + 2, sizeof(size));
    std::memcpy(&parameters, info + at + 10, sizeof(parameters));
    if (info[at] == withSize && info[at + 1] == constantBank)
      return parameters;
    at += 4 + (info[at] == withSize ? size : 0);
  }
  return 0;
}

/// The same for machine code, which must be for exactly this device.
std::map<std::string, size_t> readBinary(const uint8_t *code,
                                         uint64_t capability) {
  std::map<std::string, size_t> kernels;
  const auto &header = *reinterpret_cast<const Elf64_Ehdr *>(code);
  // CUDA 13 moved the number.
  unsigned shift = header.e_ident[EI_ABIVERSION] < 8 ? 0 : 8;
  if (((header.e_flags >> shift) & 0xff) != capability)
    return {};
  const auto *sections =
      reinterpret_cast<const Elf64_Shdr *>(code + header.e_shoff);
  const auto *names = reinterpret_cast<const char *>(
      code + sections[header.e_shstrndx].sh_offset);
  const std::string prefix = ".nv.info.";
  for (size_t i = 0; i < header.e_shnum; ++i) {
    std::string name = names + sections[i].sh_name;
    if (name.compare(0, prefix.size(), prefix) == 0)
      kernels[name.substr(prefix.size())] =
          readParameterBytes(code + sections[i].sh_offset,
                             sections[i].sh_size) /
          sizeof(CUdeviceptr);
  }
  return kernels;
}

} // namespace

// Names of a C interface.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {

CUresult cuInit(unsigned /*flags*/) { return 0; }

CUresult cuGetErrorString(CUresult error, const char **text) {
  static const std::map<CUresult, const char *> texts = {
      {invalidValue, "invalid argument"},
      {outOfMemory, "out of memory"},
      {noBinary, "no kernel image is available for execution on the device"},
      {notFound, "named symbol not found"},
      {notPermitted, "operation not permitted"}};
  auto found = texts.find(error);
  if (found == texts.end())
    return invalidValue;
  *text = found->second;
  return 0;
}

CUresult cuDeviceGetCount(int *count) {
  *count = static_cast<int>(getSetting("QTC_FAKE_CUDA_DEVICES", 1));
  return 0;
}

CUresult cuDeviceGet(CUdevice *device, int ordinal) {
  *device = ordinal;
  return ordinal == 0 ? 0 : invalidValue;
}

CUresult cuDeviceGetName(char *name, int length, CUdevice /*device*/) {
  std::strncpy(name, "a processor", static_cast<size_t>(length));
  return 0;
}

CUresult cuDeviceGetAttribute(int *value, int attribute, CUdevice /*device*/) {
  auto capability =
      static_cast<int>(getSetting("QTC_FAKE_CUDA_CAPABILITY", 80));
  *value = attribute == qtcrt::cuda::capabilityMajor   ? capability / 10
           : attribute == qtcrt::cuda::capabilityMinor ? capability % 10
                                                       : -1;
  return *value < 0 ? invalidValue : 0;
}

CUresult cuDevicePrimaryCtxRetain(CUcontext *context, CUdevice /*device*/) {
  *context = &onlyContext;
  return 0;
}

CUresult cuDevicePrimaryCtxRelease_v2(CUdevice /*device*/) { return 0; }

CUresult cuCtxSetCurrent(CUcontext context) {
  isCurrent = context != nullptr;
  return 0;
}

CUresult cuMemGetInfo_v2(size_t *free, size_t *total) {
  *total = uint64_t{1} << 30;
  *free = getSetting("QTC_FAKE_CUDA_FREE", *total);
  return isCurrent ? 0 : notPermitted;
}

CUresult cuMemAlloc_v2(CUdeviceptr *memory, size_t bytes) {
  if (bytes > getSetting("QTC_FAKE_CUDA_FREE", uint64_t{1} << 30))
    return outOfMemory;
  void *start = std::aligned_alloc(256, (bytes + 255) / 256 * 256);
  // A device's memory is not zero.
  std::memset(start, 0xa5, bytes);
  *memory = reinterpret_cast<CUdeviceptr>(start);
  allocations[*memory] = bytes;
  return 0;
}

CUresult cuMemFree_v2(CUdeviceptr memory) {
  if (allocations.erase(memory) == 0)
    return invalidValue;
  std::free(reinterpret_cast<void *>(memory));
  return 0;
}

CUresult cuMemAllocHost_v2(void **memory, size_t bytes) {
  *memory = std::malloc(bytes);
  return 0;
}

CUresult cuMemFreeHost(void *memory) {
  std::free(memory);
  return 0;
}

CUresult cuMemsetD8Async(CUdeviceptr memory, unsigned char value, size_t bytes,
                         CUstream stream) {
  if (!isInside(memory, bytes))
    return invalidValue;
  return enqueue(stream, [=] {
    std::memset(reinterpret_cast<void *>(memory), value, bytes);
  });
}

CUresult cuMemcpyHtoDAsync_v2(CUdeviceptr to, const void *from, size_t bytes,
                              CUstream stream) {
  if (!isInside(to, bytes) || stream->recording)
    return invalidValue;
  const auto *source = static_cast<const uint8_t *>(from);
  return enqueue(stream, [=, then = std::vector(source, source + bytes)] {
    if (std::memcmp(then.data(), source, bytes) != 0)
      failLate("the host changed what is still to be copied");
    std::memcpy(reinterpret_cast<void *>(to), source, bytes);
  });
}

CUresult cuMemcpyDtoHAsync_v2(void *to, CUdeviceptr from, size_t bytes,
                              CUstream stream) {
  if (!isInside(from, bytes) || stream->recording)
    return invalidValue;
  std::memset(to, 0x5a, bytes);
  return enqueue(
      stream, [=] { std::memcpy(to, reinterpret_cast<void *>(from), bytes); });
}

CUresult cuMemcpyDtoDAsync_v2(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                              CUstream stream) {
  if (!isInside(from, bytes) || !isInside(to, bytes))
    return invalidValue;
  return enqueue(stream, [=] {
    std::memcpy(reinterpret_cast<void *>(to), reinterpret_cast<void *>(from),
                bytes);
  });
}

CUresult cuModuleLoadData(CUmodule *module, const void *image) {
  uint64_t capability = getSetting("QTC_FAKE_CUDA_CAPABILITY", 80);
  bool isBinary = std::memcmp(image, ELFMAG, SELFMAG) == 0;
  const char *refused = std::getenv("QTC_FAKE_CUDA_REFUSES");
  auto arguments =
      isBinary ? readBinary(static_cast<const uint8_t *>(image), capability)
               : readText(static_cast<const char *>(image), capability);
  if (arguments.empty() ||
      (refused && std::string(refused) == (isBinary ? "cubin" : "ptx")))
    return noBinary;
  const char *path = std::getenv("QTC_FAKE_CUDA_KERNELS");
  void *library = path ? dlopen(path, RTLD_LAZY | RTLD_LOCAL) : nullptr;
  if (!library && !getClock())
    return noBinary;
  *module = new CUmod_st{std::move(arguments), library, {}};
  return 0;
}

CUresult cuModuleUnload(CUmodule module) {
  if (module->library)
    dlclose(module->library);
  delete module;
  return 0;
}

CUresult cuModuleGetFunction(CUfunction *function, CUmodule module,
                             const char *name) {
  // Loading a kernel synchronizes, which a stream that records must not.
  if (isRecording)
    return notPermitted;
  void *entry = module->library ? dlsym(module->library, name) : nullptr;
  auto found = module->arguments.find(name);
  if ((!entry && !getClock()) || found == module->arguments.end() ||
      found->second > mostArguments)
    return notFound;
  module->functions[name] = CUfunc_st{entry, found->second};
  *function = &module->functions[name];
  return 0;
}

CUresult cuFuncSetAttribute(CUfunction function, int attribute, int value) {
  if (attribute != qtcrt::cuda::mostSharedBytes || value < 0 ||
      static_cast<unsigned>(value) > getMostSharedBytes())
    return invalidValue;
  function->mostSharedBytes = static_cast<unsigned>(value);
  return 0;
}

CUresult cuStreamCreate(CUstream *stream, unsigned /*flags*/) {
  *stream = new CUstream_st;
  (*stream)->isLate = createdStreams++ == getSetting("QTC_FAKE_CUDA_LATE", 0);
  streams.push_back(*stream);
  return 0;
}

CUresult cuStreamDestroy_v2(CUstream stream) {
  if (!stream->queue.empty())
    return notPermitted;
  streams.erase(std::find(streams.begin(), streams.end(), stream));
  delete stream;
  return 0;
}

CUresult cuStreamSynchronize(CUstream stream) {
  if (stream->recording)
    return notPermitted;
  return force(stream, [stream] { return stream->queue.empty(); })
             ? 0
             : notPermitted;
}

CUresult cuStreamWaitEvent(CUstream stream, CUevent event, unsigned flags) {
  // Waiting for an event that was not recorded is not an error in the driver,
  // but it does nothing.
  if (stream->recording || flags != 0 || event->recorded == 0)
    return invalidValue;
  Operation operation;
  operation.waits = event;
  operation.count = event->recorded;
  return enqueue(stream, std::move(operation));
}

CUresult cuEventCreate(CUevent *event, unsigned flags) {
  *event = new CUevent_st;
  (*event)->hasTime = flags == qtcrt::cuda::withTime;
  return 0;
}

CUresult cuEventElapsedTime(float *milliseconds, CUevent start, CUevent end) {
  for (CUevent event : {start, end})
    if (!event->hasTime || event->recorded == 0 ||
        event->reached < event->recorded)
      return invalidValue;
  *milliseconds =
      std::chrono::duration<float, std::milli>(end->time - start->time).count();
  return 0;
}

CUresult cuEventDestroy_v2(CUevent event) {
  if (event->reached < event->recorded)
    return notPermitted;
  delete event;
  return 0;
}

CUresult cuEventRecord(CUevent event, CUstream stream) {
  if (stream->recording)
    return notPermitted;
  event->stream = stream;
  Operation operation;
  operation.reaches = event;
  operation.count = ++event->recorded;
  return enqueue(stream, std::move(operation));
}

CUresult cuEventSynchronize(CUevent event) {
  if (event->recorded == 0)
    return invalidValue;
  return force(event->stream,
               [event] { return event->reached >= event->recorded; })
             ? 0
             : notPermitted;
}

CUresult cuStreamBeginCapture_v2(CUstream stream, int /*mode*/) {
  if (stream->recording)
    return notPermitted;
  stream->recording = std::make_unique<CUgraph_st>();
  isRecording = true;
  return 0;
}

CUresult cuStreamEndCapture(CUstream stream, CUgraph *graph) {
  *graph = stream->recording.release();
  isRecording = false;
  return *graph ? 0 : notPermitted;
}

CUresult cuLaunchKernel(CUfunction function, unsigned gridX, unsigned gridY,
                        unsigned gridZ, unsigned blockX, unsigned blockY,
                        unsigned blockZ, unsigned sharedBytes, CUstream stream,
                        void **arguments, void ** /*extra*/) {
  if (gridX == 0 || blockX == 0 || blockX > 1024 ||
      sharedBytes > function->mostSharedBytes ||
      gridY * gridZ * blockY * blockZ != 1)
    return invalidValue;
  std::vector<uint64_t> words(firstArgument + mostArguments);
  words[1] = gridX;
  words[2] = blockX;
  words[3] = sharedBytes;
  for (size_t i = 0; i < function->arguments; ++i) {
    std::memcpy(&words[firstArgument + i], arguments[i], sizeof(uint64_t));
    if (!isInside(words[firstArgument + i], 1))
      return invalidValue;
  }
  if (const char *clock = getClock())
    return enqueue(stream,
                   [ticks = std::string(clock) == "blocks" ? gridX : blockX] {
                     passed += std::chrono::microseconds(ticks);
                   });
  // Blocks run in any order on a GPU: here, from either end in turn.
  static bool isBackward = false;
  isBackward = !isBackward;
  return enqueue(stream, [entry = function->entry, words, gridX,
                          isBackward = isBackward]() mutable {
    for (uint64_t i = 0; i < gridX; ++i) {
      words[0] = isBackward ? gridX - 1 - i : i;
      callEntry(entry, words.data(),
                std::make_index_sequence<firstArgument + mostArguments>());
    }
  });
}

CUresult cuGraphInstantiateWithFlags(CUgraphExec *executable, CUgraph graph,
                                     unsigned long long /*flags*/) {
  *executable = new CUgraphExec_st{*graph};
  return 0;
}

CUresult cuGraphDestroy(CUgraph graph) {
  delete graph;
  return 0;
}

CUresult cuGraphLaunch(CUgraphExec executable, CUstream stream) {
  for (const std::function<void()> &node : executable->nodes)
    enqueue(stream, node);
  return 0;
}

CUresult cuGraphExecDestroy(CUgraphExec executable) {
  delete executable;
  return 0;
}

} // extern "C"
// NOLINTEND(readability-identifier-naming)
