//===- CudaDevice.cpp - compiled steps on an NVIDIA GPU -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "cuda/Driver.h"

#include "qtcrt/Device.h"
#include "qtcrt/Error.h"
#include "qtcrt/Ports.h"

#include <array>
#include <cstring>
#include <deque>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace qtcrt;
using namespace qtcrt::cuda;

namespace {

/// Alignment of every piece of memory; more than the widest access needs.
constexpr uint64_t alignment = 256;

/// Offsets of the pieces of a device's memory in one allocation. The inputs
/// that a step gets from the host are adjacent, and so are its outputs. Both
/// exist once per step that may be under way.
struct MemoryLayout {
  MemoryLayout(const qtcrt_model &model, const qtcrt_variant &variant)
      : offsets(QTCRT_MEMORY_PORT + model.port_count) {
    add(QTCRT_MEMORY_STATE, model.state_bytes);
    add(QTCRT_MEMORY_ARENA, variant.arena_bytes);
    add(QTCRT_MEMORY_SEED, sizeof(uint64_t));
    add(QTCRT_MEMORY_SCHEDULE, sizeof(int64_t));
    add(QTCRT_MEMORY_STEP, sizeof(uint32_t));
    addPorts(model, variant.batch, /*areOutputs=*/false);
    outputBegin = end;
    addPorts(model, variant.batch, /*areOutputs=*/true);
    slotBytes = end - inputBegin();
  }

  void addPorts(const qtcrt_model &model, int64_t batch, bool areOutputs) {
    for (uint32_t i = 0; i < model.port_count; ++i)
      if (isOutput(model.ports[i]) == areOutputs)
        add(QTCRT_MEMORY_PORT + i, portBytes(model.ports[i], batch));
  }

  void add(uint32_t memory, uint64_t bytes) {
    offsets[memory] = end;
    end += (bytes + alignment - 1) / alignment * alignment;
  }

  /// The inputs that are copied for every step begin here ...
  uint64_t inputBegin() const { return offsets[QTCRT_MEMORY_SEED]; }
  uint64_t inputBytes() const { return outputBegin - inputBegin(); }
  /// ... and its outputs reach from outputBegin to the end of the slot.
  uint64_t outputBytes() const { return slotBytes - inputBytes(); }
  uint64_t total() const {
    return inputBegin() + Device::stepsAhead * slotBytes;
  }

  /// The offset in the device's memory; `slot` is that of the step.
  uint64_t offset(uint32_t memory, unsigned slot) const {
    bool isTransferred =
        memory != QTCRT_MEMORY_STATE && memory != QTCRT_MEMORY_ARENA;
    return offsets[memory] + (isTransferred ? slot * slotBytes : 0);
  }

  std::vector<uint64_t> offsets;
  uint64_t end = 0; ///< of the first slot
  uint64_t outputBegin = 0;
  uint64_t slotBytes = 0;
};

CUdevice findDevice(const Driver &driver) {
  int count = 0;
  check(driver.cuDeviceGetCount(&count), "count the devices");
  if (count == 0)
    fail("no CUDA device: the driver finds none; is CUDA_VISIBLE_DEVICES set?");
  CUdevice device = 0;
  check(driver.cuDeviceGet(&device, 0), "get the device");
  return device;
}

/// Ten times the compute capability.
uint32_t capabilityOf(const Driver &driver, CUdevice device) {
  int major = 0, minor = 0;
  check(driver.cuDeviceGetAttribute(&major, capabilityMajor, device),
        "ask for the device's capability");
  check(driver.cuDeviceGetAttribute(&minor, capabilityMinor, device),
        "ask for the device's capability");
  return static_cast<uint32_t>(10 * major + minor);
}

/// The device's context, current in the thread that made it.
class Context {
public:
  Context() : driver(getDriver()), device(findDevice(driver)) {
    CUcontext context;
    check(driver.cuDevicePrimaryCtxRetain(&context, device), "use the device");
    check(driver.cuCtxSetCurrent(context), "use the device in this thread");
  }
  ~Context() { driver.cuDevicePrimaryCtxRelease(device); }
  Context(const Context &) = delete;
  Context &operator=(const Context &) = delete;

  std::string name() const {
    std::array<char, 256> text{};
    check(driver.cuDeviceGetName(text.data(), text.size() - 1, device),
          "ask for the device's name");
    return text.data();
  }

  uint32_t capability() const { return capabilityOf(driver, device); }

private:
  const Driver &driver;
  CUdevice device;
};

/// A handle of the driver and the function that gives it back.
template <typename Handle> class Owned {
public:
  using Release = CUresult (*)(Handle);
  explicit Owned(Release release) : release(release) {}
  ~Owned() {
    if (handle)
      release(handle);
  }
  Owned(const Owned &) = delete;
  Owned &operator=(const Owned &) = delete;
  /// The place to which the driver writes the handle.
  Handle *slot() { return &handle; }
  operator Handle() const { return handle; }

private:
  Handle handle{};
  Release release;
};

/// Converts to MiB, rounded up.
uint64_t inMiB(uint64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

/// Throws if the device is not suitable, before memory is allocated.
void checkDevice(const Context &context, const qtcrt_device_program &program,
                 uint64_t bytes) {
  uint32_t capability = context.capability();
  if (capability < program.capability)
    fail("this GPU (", context.name(), ") is sm_", capability,
         "; the trainer was built for sm_", program.capability,
         ": compile the model with a smaller --sm");
  if (program.exact && capability > program.capability)
    fail("this GPU (", context.name(), ") is sm_", capability,
         "; the trainer was built for sm_", program.capability,
         " only: compile the model with --sm=", program.capability,
         " as well, which newer GPUs run");
  size_t free = 0, total = 0;
  check(getDriver().cuMemGetInfo(&free, &total), "ask for free memory");
  if (bytes > free)
    fail("the model needs ", inMiB(bytes),
         " MiB of the GPU's memory, but only ", inMiB(free), " of ",
         inMiB(total),
         " MiB are free: end other programs on it, or compile the model with "
         "a smaller --batch");
}

/// Points in time in a stream.
class Timeline {
public:
  Timeline(const Driver &driver, CUstream stream)
      : driver(driver), stream(stream) {}

  void mark() {
    Owned<CUevent> &event = events.emplace_back(driver.cuEventDestroy);
    check(driver.cuEventCreate(event.slot(), withTime), "create an event");
    check(driver.cuEventRecord(event, stream), "record an event");
  }

  /// Waits, and returns the seconds between each mark and the next.
  std::vector<double> get() const {
    check(driver.cuStreamSynchronize(stream), "wait for the GPU");
    std::vector<double> seconds;
    for (size_t i = 1; i < events.size(); ++i) {
      float milliseconds = 0;
      check(driver.cuEventElapsedTime(&milliseconds, events[i - 1], events[i]),
            "ask for the time between events");
      seconds.push_back(1e-3 * static_cast<double>(milliseconds));
    }
    return seconds;
  }

private:
  const Driver &driver;
  CUstream stream;
  std::deque<Owned<CUevent>> events;
};

/// A kernel, and the most shared memory that its launches may use.
struct Function {
  CUfunction handle = nullptr;
  uint32_t sharedBytes = freeSharedBytes;
};

/// A step that may be under way, and what is recorded of it: graphs have fixed
/// addresses, so every slot has its own.
struct Slot {
  explicit Slot(const Driver &driver)
      : uploaded(driver.cuEventDestroy), computed(driver.cuEventDestroy),
        downloaded(driver.cuEventDestroy), train(driver.cuGraphExecDestroy),
        evaluate(driver.cuGraphExecDestroy),
        estimate(driver.cuGraphExecDestroy) {
    for (Owned<CUevent> *event : {&uploaded, &computed, &downloaded})
      check(driver.cuEventCreate(event->slot(), withoutTime),
            "create an event");
  }
  Owned<CUevent> uploaded, computed, downloaded;
  Owned<CUgraphExec> train, evaluate, estimate;
};

/// Copies of the next step's input and of the last one's output have streams of
/// their own, so that they do not wait for the step between them. No two steps
/// that are under way have a slot in common; finish() frees it.
class CudaDevice : public Device {
public:
  CudaDevice(const qtcrt_model &model, const qtcrt_variant &variant)
      : model(model), program(*variant.device), batch(variant.batch),
        layout(model, variant), driver(getDriver()) {
    checkDevice(context, program, layout.total());
    check(driver.cuMemAlloc(memory.slot(), layout.total()),
          "take the GPU's memory");
    check(driver.cuMemAllocHost(transfer.slot(), stepsAhead * layout.slotBytes),
          "take memory for transfers");
    for (Owned<CUstream> *stream : {&computing, &uploading, &downloading})
      check(driver.cuStreamCreate(stream->slot(), nonBlocking),
            "create a stream");
    check(driver.cuMemsetD8Async(memory, 0, layout.total(), computing),
          "clear the memory");
    synchronize();
    loadCode();
    loadFunctions(program.train, program.train_count);
    loadFunctions(program.evaluate, program.evaluate_count);
    loadFunctions(program.estimate, program.estimate_count);
    for (unsigned slot = 0; slot < stepsAhead; ++slot) {
      slots.emplace_back(driver);
      capture(program.train, program.train_count, slot, slots[slot].train);
      capture(program.evaluate, program.evaluate_count, slot,
              slots[slot].evaluate);
      if (program.estimate_count)
        capture(program.estimate, program.estimate_count, slot,
                slots[slot].estimate);
    }
  }

  ~CudaDevice() override {
    for (Owned<CUstream> *stream : {&uploading, &computing, &downloading})
      driver.cuStreamSynchronize(*stream);
  }

  std::string name() const override { return context.name(); }

  void uploadState(const uint8_t *state) override {
    check(driver.cuMemcpyHtoDAsync(place(QTCRT_MEMORY_STATE), state,
                                   model.state_bytes, computing),
          "copy the state to the GPU");
    synchronize();
  }

  void downloadState(uint8_t *state) override {
    check(driver.cuMemcpyDtoHAsync(state, place(QTCRT_MEMORY_STATE),
                                   model.state_bytes, computing),
          "copy the state from the GPU");
    synchronize();
  }

  void startTraining(const qtcrt_step &step) override {
    start(slots[startedSteps % stepsAhead].train, step);
  }
  void startEvaluation(const qtcrt_step &step) override {
    start(slots[startedSteps % stepsAhead].evaluate, step);
  }

  void startEstimate(const qtcrt_step &step) override {
    start(slots[startedSteps % stepsAhead].estimate, step);
  }

  void finish(void *const *ports) override {
    unsigned index = finishedSteps++ % stepsAhead;
    check(driver.cuEventSynchronize(slots[index].downloaded), "finish a step");
    for (uint32_t i = 0; i < model.port_count; ++i)
      if (isOutput(model.ports[i]))
        std::memcpy(ports[i], transferred(QTCRT_MEMORY_PORT + i, index),
                    portBytes(model.ports[i], batch));
  }

  std::vector<double> profileTraining(const qtcrt_step &step) override {
    unsigned slot = startedSteps % stepsAhead;
    fillInput(step, slot);
    upload(slot, computing);
    Timeline timeline(driver, computing);
    timeline.mark();
    for (uint64_t i = 0; i < program.train_count; ++i) {
      launch(program.train[i], slot);
      timeline.mark();
    }
    return timeline.get();
  }

  std::vector<double> timeCopies(uint64_t bytes, unsigned rounds) override {
    Owned<CUdeviceptr> from(driver.cuMemFree), to(driver.cuMemFree);
    if (driver.cuMemAlloc(from.slot(), bytes) != success ||
        driver.cuMemAlloc(to.slot(), bytes) != success)
      return {};
    Timeline timeline(driver, computing);
    timeline.mark();
    for (unsigned round = 0; round < rounds; ++round) {
      check(driver.cuMemcpyDtoDAsync(to, from, bytes, computing),
            "copy within the GPU's memory");
      timeline.mark();
    }
    return timeline.get();
  }

  uint64_t allocatedBytes() const override { return layout.total(); }

private:
  CUdeviceptr place(uint32_t which, unsigned slot = 0) const {
    return memory + layout.offset(which, slot);
  }

  /// The place of a piece of memory in the host's copy of what is transferred.
  uint8_t *transferred(uint32_t which, unsigned slot) {
    return host(layout.offset(which, slot));
  }

  /// The same for an offset in the device's memory.
  uint8_t *host(uint64_t offset) {
    return static_cast<uint8_t *>(static_cast<void *>(transfer)) +
           (offset - layout.inputBegin());
  }

  void synchronize() {
    check(driver.cuStreamSynchronize(computing), "wait for the GPU");
  }

  /// Loads the machine code if it is for exactly this device, so that the
  /// driver need not compile. If the driver rejects it, the driver compiles the
  /// PTX.
  void loadCode() {
    if (program.binary && program.capability == context.capability() &&
        driver.cuModuleLoadData(module.slot(), program.binary) == success)
      return;
    check(driver.cuModuleLoadData(module.slot(), program.code),
          "load the device code; a newer driver may be needed");
  }

  /// Must run before a step is recorded, because loading a kernel may wait for
  /// the GPU.
  void loadFunctions(const qtcrt_launch *launches, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      auto &[handle, sharedBytes] = functions[launches[i].kernel];
      if (!handle)
        check(driver.cuModuleGetFunction(&handle, module, launches[i].kernel),
              "find a kernel");
      if (launches[i].shared_bytes <= sharedBytes)
        continue;
      sharedBytes = launches[i].shared_bytes;
      check(driver.cuFuncSetAttribute(handle, mostSharedBytes,
                                      static_cast<int>(sharedBytes)),
            "give a kernel shared memory");
    }
  }

  void launch(const qtcrt_launch &launch, unsigned slot) {
    std::vector<CUdeviceptr> addresses;
    for (uint32_t i = 0; i < launch.argument_count; ++i)
      addresses.push_back(place(launch.arguments[i].memory, slot) +
                          launch.arguments[i].offset);
    std::vector<void *> arguments;
    for (CUdeviceptr &address : addresses)
      arguments.push_back(&address);
    check(driver.cuLaunchKernel(functions.at(launch.kernel).handle,
                                launch.blocks, 1, 1, launch.threads, 1, 1,
                                launch.shared_bytes, computing,
                                arguments.data(), nullptr),
          "launch a kernel");
  }

  /// Records the launches of a step once; they are the same every time.
  void capture(const qtcrt_launch *launches, uint64_t count, unsigned slot,
               Owned<CUgraphExec> &executable) {
    check(driver.cuStreamBeginCapture(computing, captureThread),
          "record a step");
    for (uint64_t i = 0; i < count; ++i)
      launch(launches[i], slot);
    Owned<CUgraph> graph(driver.cuGraphDestroy);
    check(driver.cuStreamEndCapture(computing, graph.slot()), "record a step");
    check(driver.cuGraphInstantiate(executable.slot(), graph, 0),
          "prepare a step");
  }

  void fillInput(const qtcrt_step &step, unsigned slot) {
    auto copy = [&](uint32_t memory, const void *from, uint64_t bytes) {
      std::memcpy(transferred(memory, slot), from, bytes);
    };
    copy(QTCRT_MEMORY_SEED, &step.seed, sizeof(step.seed));
    copy(QTCRT_MEMORY_SCHEDULE, &step.schedule, sizeof(step.schedule));
    copy(QTCRT_MEMORY_STEP, &step.step, sizeof(step.step));
    for (uint32_t i = 0; i < model.port_count; ++i)
      if (!isOutput(model.ports[i]) &&
          step.ports[i]) // `estimate` may lack targets
        copy(QTCRT_MEMORY_PORT + i, step.ports[i],
             portBytes(model.ports[i], batch));
  }

  void upload(unsigned slot, CUstream stream) {
    check(driver.cuMemcpyHtoDAsync(place(QTCRT_MEMORY_SEED, slot),
                                   transferred(QTCRT_MEMORY_SEED, slot),
                                   layout.inputBytes(), stream),
          "copy the input");
  }

  void start(CUgraphExec graph, const qtcrt_step &step) {
    unsigned index = startedSteps++ % stepsAhead;
    Slot &slot = slots[index];
    fillInput(step, index);
    upload(index, uploading);
    pass(slot.uploaded, uploading, computing);
    check(driver.cuGraphLaunch(graph, computing), "start a step");
    pass(slot.computed, computing, downloading);
    uint64_t outputs = layout.outputBegin + index * layout.slotBytes;
    check(driver.cuMemcpyDtoHAsync(host(outputs), memory + outputs,
                                   layout.outputBytes(), downloading),
          "copy the output");
    check(driver.cuEventRecord(slot.downloaded, downloading), "start a step");
  }

  /// Makes all later work of `to` wait for all work of `from` so far.
  void pass(CUevent event, CUstream from, CUstream to) {
    check(driver.cuEventRecord(event, from), "record an event");
    check(driver.cuStreamWaitEvent(to, event, 0), "wait for an event");
  }

  // Members that the driver gave are given back in reverse order.
  const qtcrt_model &model;
  const qtcrt_device_program &program;
  int64_t batch;
  MemoryLayout layout;
  const Driver &driver;
  Context context;
  Owned<CUdeviceptr> memory{driver.cuMemFree};
  Owned<void *> transfer{driver.cuMemFreeHost};
  Owned<CUstream> computing{driver.cuStreamDestroy};
  Owned<CUstream> uploading{driver.cuStreamDestroy};
  Owned<CUstream> downloading{driver.cuStreamDestroy};
  Owned<CUmodule> module{driver.cuModuleUnload};
  std::map<std::string, Function> functions;
  std::deque<Slot> slots;
  uint64_t startedSteps = 0, finishedSteps = 0;
};

} // namespace

extern "C" uint32_t qtcrt_detect_cuda() {
  try {
    const Driver &driver = getDriver();
    return capabilityOf(driver, findDevice(driver));
  } catch (const Error &) {
    return 0; // opening the device reports the reason
  }
}

extern "C" qtcrt_device *qtcrt_open_cuda(const qtcrt_model *model,
                                         const qtcrt_variant *variant) {
  return new CudaDevice(*model, *variant);
}
