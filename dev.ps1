# The entry for Windows: .\dev.ps1 run | build | check. UNTESTED until someone runs it on Windows.
# Needs: Rust (rustup), Node 20.19 or newer, Visual Studio Build Tools, LLVM, CMake, NASM, and a shared FFmpeg build
# whose folder is in FFMPEG_DIR. winget installs all but FFmpeg; this script says what is missing.
param([Parameter(Position = 0)][string]$Command = "help", [Parameter(ValueFromRemainingArguments)][string[]]$Rest)
$ErrorActionPreference = "Stop"
Set-Location $PSScriptRoot

function Need([string]$Tool, [string]$Package) {
    if (-not (Get-Command $Tool -ErrorAction SilentlyContinue)) {
        Write-Host "==> installing $Package"
        winget install --id $Package --exact --silent --accept-package-agreements --accept-source-agreements
    }
}

function Prepare {
    Need "cargo" "Rustlang.Rustup"
    Need "node" "OpenJS.NodeJS.LTS"
    Need "clang" "LLVM.LLVM"
    Need "cmake" "Kitware.CMake"
    Need "nasm" "NASM.NASM"
    if (-not $env:FFMPEG_DIR) { throw "Set FFMPEG_DIR to a shared FFmpeg development build (5.1 to 9.0) with libx264." }
    Push-Location ui; npm ci --silent; npm run --silent build; Pop-Location
}

switch ($Command) {
    "run" { Prepare; cargo run --locked --release -p vitrine-studio -- @Rest }
    "build" { Prepare; cargo build --locked --release -p vitrine-studio -p vitrine-cli }
    "check" { Prepare; cargo fmt --all --check; cargo clippy --locked --workspace --all-targets -- -D warnings }
    default { Write-Host ".\dev.ps1 run | build | check   (tests run on Linux: ./dev test)" }
}
if ($LASTEXITCODE) { exit $LASTEXITCODE }
