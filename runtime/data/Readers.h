//===- Readers.h - the readers of the registry ------------------*- C++ -*-===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef QTCRT_DATA_READERS_H
#define QTCRT_DATA_READERS_H

#include "qtcrt/DataSet.h"

namespace qtcrt {

DataSet readMnist(const std::string &folder, const DataRequest &request);
DataSet readCifar10(const std::string &folder, const DataRequest &request);
DataSet readCifar100(const std::string &folder, const DataRequest &request);
DataSet readNpy(const std::string &folder, const DataRequest &request);
DataSet renderSynthetic(const std::string &what, const DataRequest &request);

} // namespace qtcrt

#endif // QTCRT_DATA_READERS_H
