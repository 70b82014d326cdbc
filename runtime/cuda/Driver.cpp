//===- Driver.cpp - the part of the CUDA driver API that trainers use -----===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "cuda/Driver.h"

#include "qtcrt/Error.h"

#include <dlfcn.h>

using namespace qtcrt;
using namespace qtcrt::cuda;

namespace {

constexpr const char *library = "libcuda.so.1";

template <typename Function>
void load(Function &function, void *handle, const char *name) {
  function = reinterpret_cast<Function>(dlsym(handle, name));
  if (!function)
    fail("the CUDA driver (", library, ") has no '", name,
         "'; install driver 470 or newer");
}

void loadFunctions(Driver &driver, void *handle) {
  load(driver.cuInit, handle, "cuInit");
  load(driver.cuGetErrorString, handle, "cuGetErrorString");
  load(driver.cuDeviceGetCount, handle, "cuDeviceGetCount");
  load(driver.cuDeviceGet, handle, "cuDeviceGet");
  load(driver.cuDeviceGetName, handle, "cuDeviceGetName");
  load(driver.cuDeviceGetAttribute, handle, "cuDeviceGetAttribute");
  load(driver.cuDevicePrimaryCtxRetain, handle, "cuDevicePrimaryCtxRetain");
  load(driver.cuDevicePrimaryCtxRelease, handle,
       "cuDevicePrimaryCtxRelease_v2");
  load(driver.cuCtxSetCurrent, handle, "cuCtxSetCurrent");
  load(driver.cuMemGetInfo, handle, "cuMemGetInfo_v2");
  load(driver.cuMemAlloc, handle, "cuMemAlloc_v2");
  load(driver.cuMemFree, handle, "cuMemFree_v2");
  load(driver.cuMemAllocHost, handle, "cuMemAllocHost_v2");
  load(driver.cuMemFreeHost, handle, "cuMemFreeHost");
  load(driver.cuMemsetD8Async, handle, "cuMemsetD8Async");
  load(driver.cuMemcpyHtoDAsync, handle, "cuMemcpyHtoDAsync_v2");
  load(driver.cuMemcpyDtoHAsync, handle, "cuMemcpyDtoHAsync_v2");
  load(driver.cuMemcpyDtoDAsync, handle, "cuMemcpyDtoDAsync_v2");
  load(driver.cuModuleLoadData, handle, "cuModuleLoadData");
  load(driver.cuModuleUnload, handle, "cuModuleUnload");
  load(driver.cuModuleGetFunction, handle, "cuModuleGetFunction");
  load(driver.cuFuncSetAttribute, handle, "cuFuncSetAttribute");
  load(driver.cuStreamCreate, handle, "cuStreamCreate");
  load(driver.cuStreamDestroy, handle, "cuStreamDestroy_v2");
  load(driver.cuStreamSynchronize, handle, "cuStreamSynchronize");
  load(driver.cuStreamWaitEvent, handle, "cuStreamWaitEvent");
  load(driver.cuEventCreate, handle, "cuEventCreate");
  load(driver.cuEventDestroy, handle, "cuEventDestroy_v2");
  load(driver.cuEventRecord, handle, "cuEventRecord");
  load(driver.cuEventSynchronize, handle, "cuEventSynchronize");
  load(driver.cuEventElapsedTime, handle, "cuEventElapsedTime");
  load(driver.cuStreamBeginCapture, handle, "cuStreamBeginCapture_v2");
  load(driver.cuStreamEndCapture, handle, "cuStreamEndCapture");
  load(driver.cuLaunchKernel, handle, "cuLaunchKernel");
  load(driver.cuGraphInstantiate, handle, "cuGraphInstantiateWithFlags");
  load(driver.cuGraphDestroy, handle, "cuGraphDestroy");
  load(driver.cuGraphLaunch, handle, "cuGraphLaunch");
  load(driver.cuGraphExecDestroy, handle, "cuGraphExecDestroy");
}

std::string describe(const Driver &driver, CUresult result) {
  const char *text = nullptr;
  if (driver.cuGetErrorString(result, &text) != success || !text)
    text = "unknown error";
  return concat(text, " (CUDA error ", result, ")");
}

/// Stays open until the program ends: other threads of the driver may run.
Driver openDriver() {
  void *handle = dlopen(library, RTLD_NOW | RTLD_LOCAL);
  if (!handle)
    fail("no CUDA driver: ", library,
         " cannot be opened; install the NVIDIA "
         "driver, or compile the model with --target=cpu");
  Driver driver;
  loadFunctions(driver, handle);
  if (CUresult result = driver.cuInit(0); result != success)
    fail("the CUDA driver does not start: ", describe(driver, result),
         "; is there an NVIDIA GPU that this process may use?");
  return driver;
}

} // namespace

const Driver &cuda::getDriver() {
  static const Driver driver = openDriver();
  return driver;
}

void cuda::check(CUresult result, const char *what) {
  if (result != success)
    fail("CUDA: cannot ", what, ": ", describe(getDriver(), result));
}
