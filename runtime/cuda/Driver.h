//===- Driver.h - the driver API that trainers use --------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_CUDA_DRIVER_H
#define QTCRT_CUDA_DRIVER_H

#include <cstddef>
#include <cstdint>

// Declared here, as trainers are built without CUDA's headers. Names and types
// are those of the driver API; opaque types are pointers.
using CUcontext = struct CUctx_st *;
using CUmodule = struct CUmod_st *;
using CUfunction = struct CUfunc_st *;
using CUstream = struct CUstream_st *;
using CUevent = struct CUevent_st *;
using CUgraph = struct CUgraph_st *;
using CUgraphExec = struct CUgraphExec_st *;
using CUdevice = int;
using CUdeviceptr = unsigned long long;
using CUresult = int;

namespace qtcrt::cuda {

constexpr CUresult success = 0;
/// CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR and _MINOR.
constexpr int capabilityMajor = 75, capabilityMinor = 76;
/// CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES, and the bytes that a launch
/// may use without it.
constexpr int mostSharedBytes = 8;
constexpr unsigned freeSharedBytes = 48 << 10;
/// CU_STREAM_NON_BLOCKING.
constexpr unsigned nonBlocking = 1;
/// CU_EVENT_DEFAULT and CU_EVENT_DISABLE_TIMING.
constexpr unsigned withTime = 0, withoutTime = 2;
/// CU_STREAM_CAPTURE_MODE_THREAD_LOCAL: other threads may call the driver.
constexpr int captureThread = 1;

/// The functions, by the names that libcuda exports them with.
struct Driver {
  CUresult (*cuInit)(unsigned flags);
  CUresult (*cuGetErrorString)(CUresult error, const char **text);
  CUresult (*cuDeviceGetCount)(int *count);
  CUresult (*cuDeviceGet)(CUdevice *device, int ordinal);
  CUresult (*cuDeviceGetName)(char *name, int length, CUdevice device);
  CUresult (*cuDeviceGetAttribute)(int *value, int attribute, CUdevice device);
  CUresult (*cuDevicePrimaryCtxRetain)(CUcontext *context, CUdevice device);
  CUresult (*cuDevicePrimaryCtxRelease)(CUdevice device);
  CUresult (*cuCtxSetCurrent)(CUcontext context);
  CUresult (*cuMemGetInfo)(size_t *free, size_t *total);
  CUresult (*cuMemAlloc)(CUdeviceptr *memory, size_t bytes);
  CUresult (*cuMemFree)(CUdeviceptr memory);
  CUresult (*cuMemAllocHost)(void **memory, size_t bytes);
  CUresult (*cuMemFreeHost)(void *memory);
  CUresult (*cuMemsetD8Async)(CUdeviceptr memory, unsigned char value,
                              size_t bytes, CUstream stream);
  CUresult (*cuMemcpyHtoDAsync)(CUdeviceptr to, const void *from, size_t bytes,
                                CUstream stream);
  CUresult (*cuMemcpyDtoHAsync)(void *to, CUdeviceptr from, size_t bytes,
                                CUstream stream);
  CUresult (*cuMemcpyDtoDAsync)(CUdeviceptr to, CUdeviceptr from, size_t bytes,
                                CUstream stream);
  CUresult (*cuModuleLoadData)(CUmodule *module, const void *image);
  CUresult (*cuModuleUnload)(CUmodule module);
  CUresult (*cuModuleGetFunction)(CUfunction *function, CUmodule module,
                                  const char *name);
  CUresult (*cuFuncSetAttribute)(CUfunction function, int attribute, int value);
  CUresult (*cuStreamCreate)(CUstream *stream, unsigned flags);
  CUresult (*cuStreamDestroy)(CUstream stream);
  CUresult (*cuStreamSynchronize)(CUstream stream);
  CUresult (*cuStreamWaitEvent)(CUstream stream, CUevent event, unsigned flags);
  CUresult (*cuEventCreate)(CUevent *event, unsigned flags);
  CUresult (*cuEventDestroy)(CUevent event);
  CUresult (*cuEventRecord)(CUevent event, CUstream stream);
  CUresult (*cuEventSynchronize)(CUevent event);
  CUresult (*cuEventElapsedTime)(float *milliseconds, CUevent start,
                                 CUevent end);
  CUresult (*cuStreamBeginCapture)(CUstream stream, int mode);
  CUresult (*cuStreamEndCapture)(CUstream stream, CUgraph *graph);
  CUresult (*cuLaunchKernel)(CUfunction function, unsigned gridX,
                             unsigned gridY, unsigned gridZ, unsigned blockX,
                             unsigned blockY, unsigned blockZ,
                             unsigned sharedBytes, CUstream stream,
                             void **arguments, void **extra);
  CUresult (*cuGraphInstantiate)(CUgraphExec *executable, CUgraph graph,
                                 unsigned long long flags);
  CUresult (*cuGraphDestroy)(CUgraph graph);
  CUresult (*cuGraphLaunch)(CUgraphExec executable, CUstream stream);
  CUresult (*cuGraphExecDestroy)(CUgraphExec executable);
};

/// The driver of this machine, opened and initialized at the first call. Throws
/// Error when there is none.
const Driver &getDriver();

/// Throws Error "CUDA: cannot `what`: ..." unless `result` is success.
void check(CUresult result, const char *what);

} // namespace qtcrt::cuda

#endif // QTCRT_CUDA_DRIVER_H
