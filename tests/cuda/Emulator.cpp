//===- Emulator.cpp - Blocks of threads on a processor --------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Functions for kernels whose threads work together. `emulate-launches` turns
// the kernels into functions that call them. The threads of a block are fibers
// of one thread of the processor: they run one at a time, from one
// synchronizing operation to the next, in an order that changes at every
// barrier.
//
// Behaviour that a GPU leaves undefined ends the program here, with one line
// that gives the reason: accesses of two threads to a byte of workgroup memory,
// one of them a write, without a barrier in between; accesses to the
// destination of a copy under way; threads that wait for others that never
// come. For products of a warpgroup: writes to operands before their wait,
// operands that no fence made visible to the matrix units, and sums in
// registers that are used without fence or wait.
//
//===----------------------------------------------------------------------===//

#include <algorithm>
#include <array>
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

constexpr int64_t warpSize = 32, warpgroupSize = 128, mostThreads = 1024;
/// Bytes of workgroup memory of a block that a kernel may declare, and those
/// that its launches may request in addition.
constexpr int64_t mostMemory = 48 << 10, mostDynamicMemory = 227 << 10;
constexpr size_t stackBytes = 64 << 10;

enum class State { Ready, Barrier, Shuffle, Multiply, Load, Warpgroup, Ended };

const char *describe(State state) {
  constexpr const char *texts[] = {"runs",
                                   "waits at a barrier",
                                   "waits at a shuffle",
                                   "waits at a matrix product",
                                   "waits at a matrix load",
                                   "waits for its warpgroup",
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

/// Sums in registers of a thread that products of its warpgroup add to.
struct Sums {
  /// The registers hold garbage until the first use after the wait.
  std::vector<int32_t> garbage, values;
  int64_t pending = 0; ///< products that were not waited for yet
};

struct Byte;

/// A row of an operand of a warpgroup's product: 32 bytes in runs of 16.
struct Row {
  const uint8_t *runs[2];
  Byte *noted[2];
};

/// A product of a warpgroup that was not waited for yet.
struct Product {
  std::vector<Row> a, b;
  std::vector<std::shared_ptr<Sums>> sums; ///< of each thread
};

struct Warpgroup {
  bool isFenced = false; ///< since a thread used registers with sums
  std::vector<Product> uncommitted;
  std::deque<std::vector<Product>> groups;
};

struct Thread {
  State state = State::Ready;
  int32_t site = 0; ///< which operation of the kernel it waits at
  Group uncommitted;
  std::deque<Group> groups;
  // Values for the other lanes of the warp.
  int32_t value = 0, offset = 0;
  int32_t *registers = nullptr;
  const uint8_t *row = nullptr;
  // Values for the other threads of the warpgroup.
  std::pair<uint64_t, uint64_t> descriptors;
  std::vector<std::shared_ptr<Sums>> sums;
  /// Fences of the thread; its writes before the last one are visible to the
  /// matrix units.
  uint32_t fences = 0;

  bool hasStack = false;
  std::unique_ptr<uint8_t[]> stack;
  ucontext_t start{};
  jmp_buf point{};
};

constexpr int16_t nobody = -1, several = -2;

/// The last accesses to a byte of workgroup memory, and the barriers between
/// them. The emulator spends most of its time on these, so the type is small.
struct Byte {
  uint32_t written = 0, read = 0;
  uint32_t fences = 0; ///< those of the writer before it wrote
  int16_t writer = nobody, reader = nobody;
  int16_t copying = nobody; ///< the thread whose copy is on its way here
  int16_t multiplying = 0;  ///< products of warpgroups that read it
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
  /// Threads of each warp and warpgroup at its operation.
  std::vector<int64_t> arrived, arrivedInWarpgroup;
  std::vector<Warpgroup> warpgroups;
  int64_t atBarrier = 0, ended = 0;
  /// Counts barriers over all blocks, so that bytes need no reset.
  uint32_t interval = 1;
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
  block.arrivedInWarpgroup.assign(block.arrived.size(), 0);
  block.warpgroups.assign(block.arrived.size(), {});
  for (int64_t i = 0; i < block.threadCount; ++i) {
    block.threads[i].uncommitted.clear();
    block.threads[i].groups.clear();
    block.threads[i].sums.clear();
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
  for (const Warpgroup &warpgroup : block.warpgroups)
    if (!warpgroup.uncommitted.empty() || !warpgroup.groups.empty())
      fail("a warpgroup ended before its products");
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

/// Waits for the others of `size` threads, whose number at their operation is
/// in `arrived`; the last one does the work of all. Threads that wait elsewhere
/// are found when no thread can continue.
template <typename Work>
void meet(int64_t size, std::vector<int64_t> &arrived, State state,
          int32_t site, const char *what, Work work) {
  int64_t number = block.running / size, first = number * size;
  if (first + size > block.threadCount)
    fail("%s of %lld threads instead of %lld", what,
         static_cast<long long>(block.threadCount - first),
         static_cast<long long>(size));
  self().state = state;
  self().site = site;
  if (++arrived[number] < size)
    return yield();
  for (int64_t other = first; other < first + size; ++other)
    if (State it = block.threads[other].state; it != state)
      fail("thread %lld %s, but thread %lld %s",
           static_cast<long long>(block.running), describe(state),
           static_cast<long long>(other), describe(it));
  checkSite(first, size, what);
  arrived[number] = 0;
  work(first);
  makeReady(first, size);
  yield();
}

template <typename Work>
void meetWarp(State state, int32_t site, const char *what, Work work) {
  meet(warpSize, block.arrived, state, site, what, work);
}

/// `work` takes the warpgroup and its first thread.
template <typename Work> void meetWarpgroup(int32_t site, Work work) {
  meet(warpgroupSize, block.arrivedInWarpgroup, State::Warpgroup, site,
       "operations of a warpgroup", [&](int64_t first) {
         work(block.warpgroups[first / warpgroupSize], first);
       });
}

//===----------------------------------------------------------------------===//
// Workgroup memory
//===----------------------------------------------------------------------===//

void fillWithGarbage(uint8_t *begin, int64_t bytes) {
  for (int64_t i = 0; i < bytes; ++i)
    begin[i] = static_cast<uint8_t>(block.random() >> 8);
}

/// Adds workgroup memory to the block, which may have `most` bytes in total.
void addMemory(uint8_t *begin, int64_t bytes, size_t most) {
  fillWithGarbage(begin, bytes);
  block.memories.push_back({begin, std::vector<Byte>(bytes)});
  size_t total = 0;
  for (const Memory &memory : block.memories)
    total += memory.bytes.size();
  if (total > most)
    fail("%zu bytes of workgroup memory, more than %zu", total, most);
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
  auto me = static_cast<int16_t>(block.running);
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
  if (byte.multiplying > 0)
    fail("thread %d writes what a product of a warpgroup may still read", me);
  if (byte.read == block.interval && byte.reader != me)
    failRace(byte.reader, "read", does);
  byte.writer = me;
  byte.fences = self().fences;
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

/// Loads matrices of 8 rows of 16 bytes. From each, every lane gets four bytes
/// of the row that another lane points to.
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

//===----------------------------------------------------------------------===//
// Products of a warpgroup
//===----------------------------------------------------------------------===//

/// The place in workgroup memory of an address of which a descriptor has the
/// low 18 bits; addresses of a device have no more.
const uint8_t *findShared(uint64_t low) {
  constexpr uint64_t kept = (1 << 18) - 1;
  for (const Memory &memory : block.memories) {
    uint64_t offset = (low - reinterpret_cast<uintptr_t>(memory.begin)) & kept;
    if (offset < memory.bytes.size())
      return memory.begin + offset;
  }
  fail("a descriptor's address is not in workgroup memory");
}

/// The rows of a matrix with K innermost, by the PTX ISA's matrix descriptor: 8
/// rows are consecutive, the next 8 start `stride` bytes later, and bits of the
/// address from 7 on exchange runs.
std::vector<Row> decode(uint64_t descriptor, int64_t rows) {
  auto field = [descriptor](unsigned first, unsigned bits) {
    return (descriptor >> first) & ((uint64_t(1) << bits) - 1);
  };
  uint64_t start = field(0, 14) << 4, stride = field(32, 14) << 4;
  uint64_t mode = field(62, 2);
  if (mode == 0 || field(49, 3) != 0)
    fail("expected a matrix descriptor with exchanged runs and no base offset");
  // 128, 64 or 32 bytes.
  unsigned bits = 4 - static_cast<unsigned>(mode);
  uint64_t rowBytes = uint64_t(16) << bits, patternBytes = 8 * rowBytes;
  if (start % patternBytes > rowBytes - 32)
    fail("a matrix starts %llu bytes after a multiple of %llu",
         static_cast<unsigned long long>(start % patternBytes),
         static_cast<unsigned long long>(patternBytes));
  std::vector<Row> result(rows);
  for (int64_t r = 0; r < rows; ++r)
    for (uint64_t run = 0; run < 2; ++run) {
      uint64_t address = start + r / 8 * stride + r % 8 * rowBytes + 16 * run;
      address ^= ((address >> 7) & ((uint64_t(1) << bits) - 1)) << 4;
      result[r].runs[run] = findShared(address);
      result[r].noted[run] = lookUp(result[r].runs[run], 16);
    }
  return result;
}

template <typename Work> void forEachByte(const Product &product, Work work) {
  for (const std::vector<Row> *rows : {&product.a, &product.b})
    for (const Row &row : *rows)
      for (Byte *run : row.noted)
        std::for_each(run, run + 16, work);
}

/// Operands may be read from now on, until the wait, for all threads at once.
void startReading(const Product &product) {
  forEachByte(product, [](Byte &byte) {
    note(byte, /*isWrite=*/false);
    byte.reader = several;
    if (byte.written == block.interval)
      failRace(byte.writer, "wrote", "reads");
    if (byte.writer != nobody &&
        block.threads[byte.writer].fences == byte.fences)
      fail(
          "a product of a warpgroup reads what thread %d wrote without a fence "
          "of the proxy after it",
          byte.writer);
    ++byte.multiplying;
  });
}

/// The sums that a thread has in `count` registers, or null.
std::shared_ptr<Sums> findSums(Thread &thread, const int32_t *registers,
                               int64_t count) {
  for (std::shared_ptr<Sums> &sums : thread.sums)
    if (std::equal(sums->garbage.begin(), sums->garbage.end(), registers,
                   registers + count))
      return sums;
  return nullptr;
}

/// The registers of a thread become sums of a product of `count` of them.
std::shared_ptr<Sums> takeSums(const Warpgroup &warpgroup, Thread &thread,
                               int64_t count) {
  int32_t *registers = thread.registers;
  std::shared_ptr<Sums> sums = findSums(thread, registers, count);
  if (!sums) {
    if (!warpgroup.isFenced)
      fail("a product of a warpgroup uses registers without a fence before it");
    sums = std::make_shared<Sums>();
    sums->values.assign(registers, registers + count);
    sums->garbage.resize(count);
    thread.sums.push_back(sums);
  }
  for (int32_t &word : sums->garbage)
    word = static_cast<int32_t>(block.random());
  std::copy(sums->garbage.begin(), sums->garbage.end(), registers);
  ++sums->pending;
  return sums;
}

/// Multiplies 64 rows and n columns; a thread has sums of two rows of its
/// warp's 16.
void multiplyWarpgroup(Warpgroup &warpgroup, int64_t first, int64_t n) {
  Product product;
  auto descriptors = self().descriptors;
  product.a = decode(descriptors.first, 64);
  product.b = decode(descriptors.second, n);
  startReading(product);
  for (int64_t i = first; i < first + warpgroupSize; ++i) {
    Thread &thread = block.threads[i];
    if (thread.descriptors != descriptors)
      fail("threads of a warpgroup have different descriptors");
    product.sums.push_back(takeSums(warpgroup, thread, n / 2));
  }
  warpgroup.uncommitted.push_back(std::move(product));
}

/// Rows in a form that is multiplied fast.
std::vector<std::array<int16_t, 32>> read(const std::vector<Row> &rows) {
  std::vector<std::array<int16_t, 32>> values(rows.size());
  for (size_t r = 0; r < rows.size(); ++r)
    for (size_t i = 0; i < 32; ++i)
      values[r][i] = static_cast<int8_t>(rows[r].runs[i / 16][i % 16]);
  return values;
}

void complete(const Product &product) {
  auto rows = read(product.a), columns = read(product.b);
  for (int64_t i = 0; i < warpgroupSize; ++i) {
    Sums &sums = *product.sums[i];
    int64_t warp = i / warpSize, group = i % warpSize / 4, member = i % 4;
    for (size_t r = 0; r < sums.values.size(); ++r) {
      const auto &a = rows[16 * warp + group + 8 * (r / 2 % 2)];
      const auto &b = columns[8 * (r / 4) + 2 * member + r % 2];
      int32_t sum = 0;
      for (size_t k = 0; k < a.size(); ++k)
        sum += a[k] * b[k];
      sums.values[r] = static_cast<int32_t>(
          static_cast<uint32_t>(sums.values[r]) + static_cast<uint32_t>(sum));
    }
    --sums.pending;
  }
  forEachByte(product, [](Byte &byte) {
    --byte.multiplying;
    byte.reader = several;
    byte.read = block.interval;
  });
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

/// A piece of workgroup memory that the kernel declares.
void qtc_emulator_memory(uint8_t *begin, int64_t bytes) {
  addMemory(begin, bytes, mostMemory);
}

/// The memory that the launch requested.
void qtc_emulator_dynamic_memory(uint8_t *begin, int64_t bytes) {
  addMemory(begin, bytes, mostDynamicMemory);
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
    noted[i].copying = static_cast<int16_t>(block.running);
  }
  fillWithGarbage(to, bytes);
  self().uncommitted.push_back({to, from, bytes, sourceBytes});
}

void qtc_emulator_commit() {
  self().groups.push_back(std::move(self().uncommitted));
  self().uncommitted.clear();
}

/// Completes all groups except the last `remaining`.
void qtc_emulator_wait(int32_t remaining) {
  std::deque<Group> &groups = self().groups;
  for (; static_cast<int64_t>(groups.size()) > remaining; groups.pop_front())
    for (const Copy &copy : groups.front())
      complete(copy);
}

/// Makes sums in registers that were used before available to later products.
void qtc_emulator_fence_registers(int32_t site) {
  meetWarpgroup(
      site, [](Warpgroup &warpgroup, int64_t) { warpgroup.isFenced = true; });
}

/// Makes the thread's writes visible to the matrix units.
void qtc_emulator_fence_proxy() { ++self().fences; }

/// `registers` holds a thread's sums of 64 rows and `n` columns.
void qtc_emulator_multiply_warpgroup(int32_t site, int32_t n, uint64_t a,
                                     uint64_t b, int32_t *registers) {
  self().descriptors = {a, b};
  self().registers = registers;
  meetWarpgroup(site, [n](Warpgroup &warpgroup, int64_t first) {
    multiplyWarpgroup(warpgroup, first, n);
  });
}

void qtc_emulator_commit_warpgroup(int32_t site) {
  meetWarpgroup(site, [](Warpgroup &warpgroup, int64_t) {
    warpgroup.groups.push_back(std::move(warpgroup.uncommitted));
    warpgroup.uncommitted.clear();
  });
}

/// Completes all groups of products except the last `remaining`.
void qtc_emulator_wait_warpgroup(int32_t site, int32_t remaining) {
  meetWarpgroup(site, [remaining](Warpgroup &warpgroup, int64_t) {
    auto &groups = warpgroup.groups;
    for (; static_cast<int64_t>(groups.size()) > remaining; groups.pop_front())
      for (const Product &product : groups.front())
        complete(product);
  });
}

/// The thread uses `count` registers, which may be sums of a warpgroup's
/// products.
void qtc_emulator_use(int32_t count, int32_t *registers) {
  std::shared_ptr<Sums> sums = findSums(self(), registers, count);
  if (!sums)
    return;
  if (sums->pending > 0)
    fail("thread %lld uses sums of a product that was not waited for",
         static_cast<long long>(block.running));
  std::copy(sums->values.begin(), sums->values.end(), registers);
  std::vector<std::shared_ptr<Sums>> &all = self().sums;
  all.erase(std::find(all.begin(), all.end(), sums));
  block.warpgroups[block.running / warpgroupSize].isFenced = false;
}

} // extern "C"
// NOLINTEND(readability-identifier-naming)
