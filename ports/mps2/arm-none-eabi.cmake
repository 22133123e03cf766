# SPDX-License-Identifier: MIT
# Toolchain file: GCC for Arm without an operating system, picolibc; the project says which core.
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR arm)
set(CMAKE_C_COMPILER arm-none-eabi-gcc)
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)
set(CMAKE_C_FLAGS_INIT "-mthumb --specs=picolibc.specs -ffreestanding \
-ffunction-sections -fdata-sections")
# Without any optimisation the firmware does not fit the board's flash.
set(CMAKE_C_FLAGS_DEBUG_INIT "-Og")
