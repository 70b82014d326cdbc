//===- Precompiled.cpp - owner of the precompiled headers -----------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Empty: every library with PCH reuses what is precompiled for this file.
//
//===----------------------------------------------------------------------===//
