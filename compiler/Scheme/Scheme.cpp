//===- Scheme.cpp - Registry of schemes -----------------------------------===//
//
// Licensed under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/Scheme/Scheme.h"
#include "compiler/Scheme/Float/Float.h"
#include "compiler/Scheme/NITI/NITI.h"
#include "compiler/Scheme/WAGE/WAGE.h"

using namespace qtc;

llvm::ArrayRef<const Scheme *> qtc::getSchemes() {
  static const Scheme *const schemes[] = {
      &niti::getScheme(),
      &wage::getScheme(),
      &fp32::getScheme(),
  };
  return schemes;
}

const Scheme *qtc::lookupScheme(llvm::StringRef name) {
  for (const Scheme *scheme : getSchemes())
    if (scheme->name == name)
      return scheme;
  return nullptr;
}

std::vector<std::string>
SchemeRequest::getSettings(const Optimizer &optimizer) const {
  std::vector<std::string> settings;
  for (const SchemeOption &option : optimizer.options)
    settings.push_back((option.name + "=" + get(option)).str());
  return settings;
}

const Optimizer *Scheme::getOptimizer(const SchemeRequest &request) const {
  if (optimizers.empty())
    return nullptr;
  return request.optimizer ? request.optimizer : optimizers.front();
}

llvm::StringRef Scheme::getDefaultSchedule(const SchemeRequest &request) const {
  const Optimizer *optimizer = getOptimizer(request);
  if (!optimizer)
    return defaultSchedule;
  bool follows = request.fitsNumbers && !optimizer->fittingSchedule.empty();
  return follows ? optimizer->fittingSchedule : optimizer->defaultSchedule;
}

llvm::SmallVector<SchemeOption>
Scheme::getOptions(const SchemeRequest &request) const {
  llvm::SmallVector<SchemeOption> all(options);
  if (const Optimizer *optimizer = getOptimizer(request))
    all.append(optimizer->options.begin(), optimizer->options.end());
  return all;
}
