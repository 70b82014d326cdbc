//===- CudaDevice.cpp - compiled steps on an NVIDIA GPU -------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "cuda/Driver.h"

#include "qtcrt/Device.h"
#include "qtcrt/Error.h"
#include "qtcrt/Session.h"

#include <array>
#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

using namespace qtcrt;
using namespace qtcrt::cuda;

namespace {

constexpr size_t memoryCount = QTCRT_MEMORY_STEP + 1;
/// Of every piece of memory: the widest access, and more.
constexpr uint64_t alignment = 256;

/// Where the pieces of a device's memory lie in one allocation. What a step
/// gets from the host lies together, and so does what it gives back.
struct MemoryLayout {
  MemoryLayout(const qtcrt_model &model, uint64_t arenaBytes) {
    uint64_t batch = static_cast<uint64_t>(model.batch);
    uint64_t image =
        static_cast<uint64_t>(model.channels) * model.height * model.width;
    add(QTCRT_MEMORY_STATE, model.state_bytes);
    add(QTCRT_MEMORY_ARENA, arenaBytes);
    add(QTCRT_MEMORY_SEED, sizeof(uint64_t));
    add(QTCRT_MEMORY_SCHEDULE, sizeof(int64_t));
    add(QTCRT_MEMORY_STEP, sizeof(uint32_t));
    add(QTCRT_MEMORY_LABELS, batch * sizeof(int32_t));
    add(QTCRT_MEMORY_INPUT, batch * image);
    add(QTCRT_MEMORY_LOGITS_EXPONENT, sizeof(int32_t));
    add(QTCRT_MEMORY_LOGITS, logitsBytes(model));
  }

  void add(qtcrt_memory memory, uint64_t bytes) {
    offsets[memory] = total;
    total += (bytes + alignment - 1) / alignment * alignment;
  }

  /// What is copied for every step.
  uint64_t transferBegin() const { return offsets[QTCRT_MEMORY_SEED]; }
  uint64_t outputBegin() const { return offsets[QTCRT_MEMORY_LOGITS_EXPONENT]; }

  std::array<uint64_t, memoryCount> offsets{};
  uint64_t total = 0;
};

/// The device's context, current in the thread that made it.
class Context {
public:
  Context() : driver(getDriver()) {
    int count = 0;
    check(driver.cuDeviceGetCount(&count), "count the devices");
    if (count == 0)
      fail("no CUDA device: the driver finds none; is CUDA_VISIBLE_DEVICES "
           "set?");
    check(driver.cuDeviceGet(&device, 0), "get the device");
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

  uint32_t capability() const {
    int major = 0, minor = 0;
    check(driver.cuDeviceGetAttribute(&major, capabilityMajor, device),
          "ask for the device's capability");
    check(driver.cuDeviceGetAttribute(&minor, capabilityMinor, device),
          "ask for the device's capability");
    return static_cast<uint32_t>(10 * major + minor);
  }

private:
  const Driver &driver;
  CUdevice device = 0;
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
  /// Where the driver writes the handle.
  Handle *slot() { return &handle; }
  operator Handle() const { return handle; }

private:
  Handle handle{};
  Release release;
};

/// Rounded up.
uint64_t inMiB(uint64_t bytes) { return (bytes + (1 << 20) - 1) >> 20; }

/// Refuses before anything is taken.
void checkDevice(const Context &context, const qtcrt_device_program &program,
                 uint64_t bytes) {
  uint32_t capability = context.capability();
  if (capability < program.capability)
    fail("this GPU (", context.name(), ") is sm_", capability,
         "; the trainer was built for sm_", program.capability,
         ": compile the model with a smaller --sm");
  size_t free = 0, total = 0;
  check(getDriver().cuMemGetInfo(&free, &total), "ask for free memory");
  if (bytes > free)
    fail("the model needs ", inMiB(bytes),
         " MiB of the GPU's memory, but only ", inMiB(free), " of ",
         inMiB(total),
         " MiB are free: end what else runs there, or compile the model with "
         "a smaller --batch");
}

class CudaDevice : public Device {
public:
  CudaDevice(const qtcrt_model &model, const qtcrt_device_program &program,
             uint64_t arenaBytes)
      : model(model), layout(model, arenaBytes), driver(getDriver()) {
    checkDevice(context, program, layout.total);
    check(driver.cuMemAlloc(memory.slot(), layout.total),
          "take the GPU's memory");
    check(driver.cuMemAllocHost(transfer.slot(),
                                layout.total - layout.transferBegin()),
          "take memory for transfers");
    check(driver.cuStreamCreate(stream.slot(), nonBlocking), "create a stream");
    check(driver.cuMemsetD8Async(memory, 0, layout.total, stream),
          "clear the memory");
    synchronize();
    check(driver.cuModuleLoadData(module.slot(), program.code),
          "load the device code; a newer driver may be needed");
    capture(program.train, program.train_count, trainGraph);
    capture(program.evaluate, program.evaluate_count, evaluateGraph);
  }

  ~CudaDevice() override { driver.cuStreamSynchronize(stream); }

  void uploadState(const uint8_t *state) override {
    check(driver.cuMemcpyHtoDAsync(place(QTCRT_MEMORY_STATE), state,
                                   model.state_bytes, stream),
          "copy the state to the GPU");
    synchronize();
  }

  void downloadState(uint8_t *state) override {
    check(driver.cuMemcpyDtoHAsync(state, place(QTCRT_MEMORY_STATE),
                                   model.state_bytes, stream),
          "copy the state from the GPU");
    synchronize();
  }

  void train(const qtcrt_step &step) override { run(trainGraph, step); }
  void evaluate(const qtcrt_step &step) override { run(evaluateGraph, step); }

  uint64_t allocatedBytes() const override { return layout.total; }

private:
  CUdeviceptr place(uint32_t which) const {
    return memory + layout.offsets[which];
  }

  /// The place of a piece of memory in the host's copy of what is transferred.
  uint8_t *transferred(qtcrt_memory which) {
    return static_cast<uint8_t *>(static_cast<void *>(transfer)) +
           (layout.offsets[which] - layout.transferBegin());
  }

  void synchronize() {
    check(driver.cuStreamSynchronize(stream), "finish a step");
  }

  /// Before a step is recorded, as loading a kernel may wait for the GPU.
  void loadFunctions(const qtcrt_launch *launches, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) {
      CUfunction &function = functions[launches[i].kernel];
      if (!function)
        check(driver.cuModuleGetFunction(&function, module, launches[i].kernel),
              "find a kernel");
    }
  }

  void launch(const qtcrt_launch &launch) {
    std::vector<CUdeviceptr> addresses;
    for (uint32_t i = 0; i < launch.argument_count; ++i)
      addresses.push_back(place(launch.arguments[i].memory) +
                          launch.arguments[i].offset);
    std::vector<void *> arguments;
    for (CUdeviceptr &address : addresses)
      arguments.push_back(&address);
    check(driver.cuLaunchKernel(functions.at(launch.kernel), launch.blocks, 1,
                                1, launch.threads, 1, 1, /*sharedBytes=*/0,
                                stream, arguments.data(), nullptr),
          "launch a kernel");
  }

  /// Records copies and launches of a step once; they are the same every time.
  void capture(const qtcrt_launch *launches, uint64_t count,
               Owned<CUgraphExec> &executable) {
    loadFunctions(launches, count);
    check(driver.cuStreamBeginCapture(stream, captureThread), "record a step");
    uint64_t inputBytes = layout.outputBegin() - layout.transferBegin();
    check(driver.cuMemcpyHtoDAsync(place(QTCRT_MEMORY_SEED),
                                   transferred(QTCRT_MEMORY_SEED), inputBytes,
                                   stream),
          "record the copy of the input");
    for (uint64_t i = 0; i < count; ++i)
      launch(launches[i]);
    check(driver.cuMemcpyDtoHAsync(transferred(QTCRT_MEMORY_LOGITS_EXPONENT),
                                   place(QTCRT_MEMORY_LOGITS_EXPONENT),
                                   layout.total - layout.outputBegin(), stream),
          "record the copy of the logits");
    Owned<CUgraph> graph(driver.cuGraphDestroy);
    check(driver.cuStreamEndCapture(stream, graph.slot()), "record a step");
    check(driver.cuGraphInstantiate(executable.slot(), graph, 0),
          "prepare a step");
  }

  void run(CUgraphExec graph, const qtcrt_step &step) {
    uint64_t batch = static_cast<uint64_t>(model.batch);
    std::memcpy(transferred(QTCRT_MEMORY_SEED), &step.seed, sizeof(step.seed));
    std::memcpy(transferred(QTCRT_MEMORY_SCHEDULE), &step.schedule,
                sizeof(step.schedule));
    std::memcpy(transferred(QTCRT_MEMORY_STEP), &step.step, sizeof(step.step));
    if (step.labels)
      std::memcpy(transferred(QTCRT_MEMORY_LABELS), step.labels,
                  batch * sizeof(int32_t));
    std::memcpy(transferred(QTCRT_MEMORY_INPUT), step.input,
                batch * model.channels * model.height * model.width);
    check(driver.cuGraphLaunch(graph, stream), "start a step");
    synchronize();
    std::memcpy(step.logits, transferred(QTCRT_MEMORY_LOGITS),
                logitsBytes(model));
    std::memcpy(step.logits_exponent, transferred(QTCRT_MEMORY_LOGITS_EXPONENT),
                sizeof(int32_t));
  }

  // Members that the driver gave are given back in reverse order.
  const qtcrt_model &model;
  MemoryLayout layout;
  const Driver &driver;
  Context context;
  Owned<CUdeviceptr> memory{driver.cuMemFree};
  Owned<void *> transfer{driver.cuMemFreeHost};
  Owned<CUstream> stream{driver.cuStreamDestroy};
  Owned<CUmodule> module{driver.cuModuleUnload};
  Owned<CUgraphExec> trainGraph{driver.cuGraphExecDestroy};
  Owned<CUgraphExec> evaluateGraph{driver.cuGraphExecDestroy};
  std::map<std::string, CUfunction> functions;
};

} // namespace

extern "C" qtcrt_device *qtcrt_open_cuda(const qtcrt_model *model,
                                         const qtcrt_device_program *program,
                                         uint64_t arenaBytes) {
  return new CudaDevice(*model, *program, arenaBytes);
}
