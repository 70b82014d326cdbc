//===- NpyHeader.h - the header of a NumPy array ----------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DATA_NPYHEADER_H
#define QTCRT_DATA_NPYHEADER_H

#include <cstdint>
#include <string>
#include <vector>

namespace qtcrt {

class ByteSource;

/// Extents are at most 2^40.
struct NpyHeader {
  std::string descr; ///< type of the elements, "<f4"
  bool fortranOrder = false;
  std::vector<uint64_t> shape;
};

/// Reads and validates the header of a .npy file, versions 1 to 3
/// (numpy.lib.format): magic, header length, a Python dictionary with the keys
/// descr, fortran_order and shape. Throws Error that names the file; arrays in
/// Fortran order are refused.
NpyHeader readNpyHeader(ByteSource &file);

} // namespace qtcrt

#endif // QTCRT_DATA_NPYHEADER_H
