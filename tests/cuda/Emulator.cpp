//===- Emulator.cpp - Blocks of threads on a processor --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What kernels call whose threads work together, once `emulate-launches` made
// functions of them. The threads of a block are fibers of one thread of the
// processor: they run one at a time, from one synchronizing operation to the
// next, in an order that changes at every barrier.
//
// What a GPU may leave undefined ends the program here, with one line that says
// why: accesses of two threads to a byte of workgroup memory, one of them a
// write, without a barrier in between; accesses to what a copy is on its way
// to; threads that wait for others that never come.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <csetjmp>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <numeric>
#include <random>
#include <ucontext.h>
#include <vector>

namespace {

constexpr int64_t warpSize = 32, mostThreads = 1024;
/// Bytes of workgroup memory that a block has without asking for more.
constexpr int64_t mostMemory = 48 << 10;
constexpr size_t stackBytes = 64 << 10;

enum class State { Ready, Barrier, Shuffle, Multiply, Load, Ended };

const char *describe(State state) {
  constexpr const char *texts[] = {"runs",
                                   "waits at a barrier",
                                   "waits at a shuffle",
                                   "waits at a matrix product",
                                   "waits at a matrix load",
                                   "has ended"};
  return texts[static_cast<int>(state)];
}

/// An asynchronous copy that was not waited for yet.
struct Copy {
  uint8_t *to;
  const uint8_t *from;
  int64_t bytes, sourceBytes;
};
using Group = std::vector<Copy>;

struct Thread {
  State state = State::Ready;
  int32_t site = 0; ///< which operation of the kernel it waits at
  Group uncommitted;
  std::deque<Group> groups;
  // What the other lanes of the warp see.
  int32_t value = 0, offset = 0;
  int32_t *registers = nullptr;
  const uint8_t *row = nullptr;

  bool hasStack = false;
  std::unique_ptr<uint8_t[]> stack;
  ucontext_t start{};
  jmp_buf point{};
};

constexpr int32_t nobody = -1, several = -2;

/// What happened to a byte of workgroup memory, and between which barriers.
struct Byte {
  uint64_t written = 0, read = 0;
  int32_t writer = nobody, reader = nobody;
  int32_t copying = nobody; ///< the thread whose copy is on its way here
};

struct Memory {
  uint8_t *begin;
  std::vector<Byte> bytes;
};

/// The block that runs.
struct Block {
  int64_t number = 0, threadCount = 0;
  bool isOpen = false;
  std::vector<Memory> memories;
  std::vector<Thread> threads{mostThreads};
  std::vector<int64_t> arrived; ///< threads of each warp at its operation
  int64_t atBarrier = 0, ended = 0;
  /// Counts barriers, over all blocks, so that nothing need be forgotten.
  uint64_t interval = 1;
  std::deque<int64_t> queue;
  int64_t running = 0;
  std::minstd_rand random;
  void (*task)(void *, int64_t, int64_t, int64_t) = nullptr;
  void *closure = nullptr;
  jmp_buf scheduler{};
} block;

[[noreturn]] __attribute__((format(printf, 1, 2))) void fail(const char *format,
                                                             ...) {
  std::fprintf(stderr, "error: emulator: block %lld: ",
               static_cast<long long>(block.number));
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::_Exit(1);
}

//===----------------------------------------------------------------------===//
// Fibers
//===----------------------------------------------------------------------===//

Thread &self() { return block.threads[block.running]; }

void yield() {
  if (_setjmp(self().point) == 0)
    _longjmp(block.scheduler, 1);
}

/// Runs for ever: one thread of every block.
void runFiber() {
  while (true) {
    block.task(block.closure, block.running, block.running + 1, 0);
    self().state = State::Ended;
    ++block.ended;
    yield();
  }
}

void resume(int64_t index) {
  block.running = index;
  Thread &thread = self();
  if (_setjmp(block.scheduler) != 0)
    return;
  if (thread.hasStack)
    _longjmp(thread.point, 1);
  thread.hasStack = true;
  thread.stack = std::make_unique<uint8_t[]>(stackBytes);
  getcontext(&thread.start);
  thread.start.uc_stack.ss_sp = thread.stack.get();
  thread.start.uc_stack.ss_size = stackBytes;
  thread.start.uc_link = nullptr;
  makecontext(&thread.start, runFiber, 0);
  setcontext(&thread.start);
}

void makeReady(int64_t first, int64_t count) {
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), first);
  std::shuffle(order.begin(), order.end(), block.random);
  for (int64_t index : order)
    block.threads[index].state = State::Ready;
  block.queue.insert(block.queue.end(), order.begin(), order.end());
}

/// Two threads that will never meet.
[[noreturn]] void failForever() {
  int64_t waiting = 0;
  while (block.threads[waiting].state == State::Ended)
    ++waiting;
  const Thread &first = block.threads[waiting];
  int64_t other = 0;
  while (other + 1 < block.threadCount &&
         block.threads[other].state == first.state)
    ++other;
  fail("thread %lld %s, but thread %lld %s", static_cast<long long>(waiting),
       describe(first.state), static_cast<long long>(other),
       describe(block.threads[other].state));
}

void runBlock() {
  block.ended = block.atBarrier = 0;
  block.arrived.assign((block.threadCount + warpSize - 1) / warpSize, 0);
  for (int64_t i = 0; i < block.threadCount; ++i) {
    block.threads[i].uncommitted.clear();
    block.threads[i].groups.clear();
  }
  makeReady(0, block.threadCount);
  while (block.ended < block.threadCount) {
    while (!block.queue.empty()) {
      int64_t next = block.queue.front();
      block.queue.pop_front();
      resume(next);
    }
    if (block.ended == block.threadCount)
      break;
    if (block.atBarrier < block.threadCount)
      failForever();
    block.atBarrier = 0;
    ++block.interval;
    makeReady(0, block.threadCount);
  }
  ++block.interval;
}

/// All threads of a group wait at the same operation of the kernel.
void checkSite(int64_t first, int64_t count, const char *what) {
  const Thread &thread = self();
  for (int64_t other = first; other < first + count; ++other)
    if (block.threads[other].state == thread.state &&
        block.threads[other].site != thread.site)
      fail("threads %lld and %lld wait at different %s",
           static_cast<long long>(block.running), static_cast<long long>(other),
           what);
}

/// Waits for the other lanes of the warp; the last one works for all. Lanes
/// that wait elsewhere are found when no thread can go on.
template <typename Work>
void meetWarp(State state, int32_t site, const char *what, Work work) {
  int64_t warp = block.running / warpSize, first = warp * warpSize;
  if (first + warpSize > block.threadCount)
    fail("%s of a warp of %lld threads", what,
         static_cast<long long>(block.threadCount - first));
  self().state = state;
  self().site = site;
  if (++block.arrived[warp] < warpSize)
    return yield();
  for (int64_t other = first; other < first + warpSize; ++other)
    if (State it = block.threads[other].state; it != state)
      fail("thread %lld %s, but thread %lld %s",
           static_cast<long long>(block.running), describe(state),
           static_cast<long long>(other), describe(it));
  checkSite(first, warpSize, what);
  block.arrived[warp] = 0;
  work(first);
  makeReady(first, warpSize);
  yield();
}

//===----------------------------------------------------------------------===//
// Workgroup memory
//===----------------------------------------------------------------------===//

void fillWithGarbage(uint8_t *begin, int64_t bytes) {
  for (int64_t i = 0; i < bytes; ++i)
    begin[i] = static_cast<uint8_t>(block.random() >> 8);
}

/// The bytes at `address`, which must lie in workgroup memory.
Byte *lookUp(const uint8_t *address, int64_t bytes) {
  for (Memory &memory : block.memories)
    if (address >= memory.begin &&
        address + bytes <= memory.begin + memory.bytes.size())
      return memory.bytes.data() + (address - memory.begin);
  fail("thread %lld uses %lld bytes beyond the end of workgroup memory",
       static_cast<long long>(block.running), static_cast<long long>(bytes));
}

[[noreturn]] void failRace(int32_t other, const char *did, const char *does) {
  if (other == several)
    fail("race: thread %lld %s what others %s since the last barrier",
         static_cast<long long>(block.running), does, did);
  fail("race: thread %lld %s what thread %d %s since the last barrier",
       static_cast<long long>(block.running), does, other, did);
}

void note(Byte &byte, bool isWrite) {
  auto me = static_cast<int32_t>(block.running);
  const char *does = isWrite ? "writes" : "reads";
  if (byte.copying != nobody)
    fail("thread %d %s where a copy of thread %d is on its way", me, does,
         byte.copying);
  if (byte.written == block.interval && byte.writer != me)
    failRace(byte.writer, "wrote", does);
  if (!isWrite) {
    byte.reader =
        byte.read == block.interval && byte.reader != me ? several : me;
    byte.read = block.interval;
    return;
  }
  if (byte.read == block.interval && byte.reader != me)
    failRace(byte.reader, "read", does);
  byte.writer = me;
  byte.written = block.interval;
}

void complete(const Copy &copy) {
  Byte *bytes = lookUp(copy.to, copy.bytes);
  for (int64_t i = 0; i < copy.bytes; ++i) {
    bytes[i].copying = nobody;
    note(bytes[i], /*isWrite=*/true);
  }
  std::memcpy(copy.to, copy.from, copy.sourceBytes);
  std::memset(copy.to + copy.sourceBytes, 0, copy.bytes - copy.sourceBytes);
}

/// C += A · B of bytes, from the registers of 32 lanes. A lane is member `t`
/// of group `g`; each register of A and B has four bytes of a row of A or of a
/// column of B.
void multiply(int64_t first, int32_t m, int32_t n, int32_t k) {
  int32_t a[16][32], b[32][8];
  for (int32_t lane = 0; lane < warpSize; ++lane) {
    const int32_t *registers = block.threads[first + lane].registers;
    int32_t g = lane / 4, t = lane % 4, ofA = m * k / 128;
    for (int32_t byte = 0; byte < 4; ++byte) {
      auto get = [&](int32_t index) {
        return static_cast<int8_t>(static_cast<uint32_t>(registers[index]) >>
                                   (8 * byte));
      };
      for (int32_t r = 0; r < ofA; ++r)
        a[g + 8 * (r & 1)][16 * (r >> 1) + 4 * t + byte] = get(r);
      for (int32_t r = 0; r < k * n / 128; ++r)
        b[16 * r + 4 * t + byte][g] = get(ofA + r);
    }
  }
  for (int32_t lane = 0; lane < warpSize; ++lane) {
    int32_t *c = block.threads[first + lane].registers + (m + n) * k / 128;
    for (int32_t r = 0; r < m * n / 32; ++r) {
      auto sum = static_cast<uint32_t>(c[r]);
      for (int32_t i = 0; i < k; ++i)
        sum += static_cast<uint32_t>(a[lane / 4 + 8 * (r >> 1)][i] *
                                     b[i][2 * (lane % 4) + (r & 1)]);
      c[r] = static_cast<int32_t>(sum);
    }
  }
}

/// Matrices of 8 rows of 16 bytes: of each, every lane gets four bytes of the
/// row that another lane points to.
void loadMatrices(int64_t first, int64_t count) {
  for (int64_t lane = 0; lane < warpSize; ++lane) {
    block.running = first + lane; // it is the one that reads
    for (int64_t matrix = 0; matrix < count; ++matrix) {
      const uint8_t *from =
          block.threads[first + 8 * matrix + lane / 4].row + 4 * (lane % 4);
      Byte *noted = lookUp(from, 4);
      for (int64_t i = 0; i < 4; ++i)
        note(noted[i], /*isWrite=*/false);
      std::memcpy(self().registers + matrix, from, 4);
    }
  }
}

} // namespace

// Names of a C interface.
// NOLINTBEGIN(readability-identifier-naming)
extern "C" {

/// The start of a block: it is launched with `threads` threads.
void qtc_emulator_block(int64_t number, int64_t threads) {
  block.isOpen = true;
  block.number = number;
  block.threadCount = threads;
  block.memories.clear();
  block.random.seed(static_cast<unsigned>(block.interval));
}

/// A piece of workgroup memory of the block.
void qtc_emulator_memory(uint8_t *begin, int64_t bytes) {
  fillWithGarbage(begin, bytes);
  block.memories.push_back({begin, std::vector<Byte>(bytes)});
  size_t total = 0;
  for (const Memory &memory : block.memories)
    total += memory.bytes.size();
  if (total > mostMemory)
    fail("%zu bytes of workgroup memory, more than %lld", total,
         static_cast<long long>(mostMemory));
}

/// The threads of a block that was opened; otherwise a loop over blocks.
void qtcrt_parallel_for(void * /*executor*/,
                        void (*task)(void *, int64_t, int64_t, int64_t),
                        void *closure, int64_t count) {
  if (!block.isOpen)
    return task(closure, 0, count, 0);
  block.isOpen = false;
  if (block.threadCount != count || count > mostThreads)
    fail("launched with %lld threads, but the kernel is for %lld",
         static_cast<long long>(block.threadCount),
         static_cast<long long>(count));
  block.task = task;
  block.closure = closure;
  runBlock();
}

void qtc_emulator_barrier(int32_t site) {
  self().state = State::Barrier;
  self().site = site;
  checkSite(0, block.threadCount, "barriers");
  ++block.atBarrier;
  yield();
}

int32_t qtc_emulator_shuffle_xor(int32_t site, int32_t value, int32_t offset,
                                 int32_t width) {
  if (width != warpSize || offset < 0 || offset >= warpSize)
    fail("shuffle of lanes %d apart in %d", offset, width);
  self().value = value;
  self().offset = offset;
  meetWarp(State::Shuffle, site, "shuffles", [](int64_t first) {
    int32_t results[warpSize];
    for (int64_t i = 0; i < warpSize; ++i)
      results[i] =
          block.threads[first + (i ^ block.threads[first + i].offset)].value;
    for (int64_t i = 0; i < warpSize; ++i)
      block.threads[first + i].value = results[i];
  });
  return self().value;
}

/// `registers` holds those of A, B and C, the results replace C.
void qtc_emulator_multiply(int32_t site, int32_t m, int32_t n, int32_t k,
                           int32_t *registers) {
  self().registers = registers;
  meetWarp(State::Multiply, site, "matrix products",
           [=](int64_t first) { multiply(first, m, n, k); });
}

void qtc_emulator_load_matrices(int32_t site, int32_t count, const uint8_t *row,
                                int32_t *registers) {
  if (reinterpret_cast<uintptr_t>(row) % 16 != 0)
    fail("misaligned row of a matrix of thread %lld",
         static_cast<long long>(block.running));
  self().row = row;
  self().registers = registers;
  int64_t last = block.running;
  meetWarp(State::Load, site, "matrix loads", [=](int64_t first) {
    loadMatrices(first, count);
    block.running = last;
  });
}

void qtc_emulator_access(const uint8_t *address, int64_t bytes,
                         int32_t isWrite) {
  Byte *noted = lookUp(address, bytes);
  for (int64_t i = 0; i < bytes; ++i)
    note(noted[i], isWrite != 0);
}

void qtc_emulator_copy(uint8_t *to, const uint8_t *from, int64_t bytes,
                       int64_t sourceBytes) {
  auto isAligned = [bytes](const uint8_t *address) {
    return reinterpret_cast<uintptr_t>(address) % bytes == 0;
  };
  if ((bytes != 4 && bytes != 8 && bytes != 16) || sourceBytes < 0 ||
      sourceBytes > bytes)
    fail("copy of %lld bytes to %lld", static_cast<long long>(sourceBytes),
         static_cast<long long>(bytes));
  if (!isAligned(to) || !isAligned(from))
    fail("misaligned copy of %lld bytes by thread %lld",
         static_cast<long long>(bytes), static_cast<long long>(block.running));
  Byte *noted = lookUp(to, bytes);
  // It may happen at once, or as late as its wait.
  for (int64_t i = 0; i < bytes; ++i) {
    note(noted[i], /*isWrite=*/true);
    noted[i].copying = static_cast<int32_t>(block.running);
  }
  fillWithGarbage(to, bytes);
  self().uncommitted.push_back({to, from, bytes, sourceBytes});
}

void qtc_emulator_commit() {
  self().groups.push_back(std::move(self().uncommitted));
  self().uncommitted.clear();
}

/// Completes all groups but the last `remaining`.
void qtc_emulator_wait(int32_t remaining) {
  std::deque<Group> &groups = self().groups;
  for (; static_cast<int64_t>(groups.size()) > remaining; groups.pop_front())
    for (const Copy &copy : groups.front())
      complete(copy);
}

} // extern "C"
// NOLINTEND(readability-identifier-naming)
