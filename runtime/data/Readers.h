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

RawDataSet readMnist(const std::string &folder, const DataRequest &request);
RawDataSet readCifar10(const std::string &folder, const DataRequest &request);
RawDataSet readCifar100(const std::string &folder, const DataRequest &request);
RawDataSet readNpy(const std::string &folder, const DataRequest &request);
RawDataSet renderSynthetic(const std::string &what, const DataRequest &request);

} // namespace qtcrt

#endif // QTCRT_DATA_READERS_H
