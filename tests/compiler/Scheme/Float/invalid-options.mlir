// RUN: not qtc-opt %s -qtrain-apply-float="settings=momentum=1" 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// RUN: not qtc-opt %s -qtrain-apply-float="settings=momentum=-0.5" 2>&1 | FileCheck %s --check-prefix=MOMENTUM
// MOMENTUM: error: option 'momentum': expected a number from 0 to below 1, but got '{{1|-0.5}}'

// RUN: not qtc-opt %s -qtrain-apply-float="settings=weight-decay=-1" 2>&1 | FileCheck %s --check-prefix=DECAY
// DECAY: error: option 'weight-decay': expected a number from 0 to below 3.4e38, but got '-1'

// RUN: not qtc-opt %s -qtrain-apply-float="settings=nesterov=on,momentum=0" 2>&1 | FileCheck %s --check-prefix=NESTEROV
// NESTEROV: error: option 'nesterov': expected off without a momentum (momentum=0), but got 'on'

// RUN: not qtc-opt %s -qtrain-apply-float="settings=nesterov=yes" 2>&1 | FileCheck %s --check-prefix=CHOICE
// CHOICE: error: option 'nesterov': expected on or off, but got 'yes'

// RUN: not qtc-opt %s -qtrain-apply-float="optimizer=adamw settings=momentum=0.5" 2>&1 | FileCheck %s --check-prefix=OTHER
// OTHER: error: option 'momentum': not one of this optimizer

// RUN: not qtc-opt %s -qtrain-apply-float="optimizer=adamw settings=epsilon=0" 2>&1 | FileCheck %s --check-prefix=EPSILON
// EPSILON: error: option 'epsilon': expected a number from 1.2e-38 to below 3.4e38, but got '0'

// RUN: not qtc-opt %s -qtrain-apply-float="optimizer=frob" 2>&1 | FileCheck %s --check-prefix=NAME
// NAME: error: expected the name of an optimizer, but got 'frob'

module {}
