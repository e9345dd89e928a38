// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC20} from "@openzeppelin/contracts/token/ERC20/IERC20.sol";
import {IRegistry} from "./IRegistry.sol";
import {PackedTerms} from "../libraries/PackedTerms.sol";

/// @notice What a deployment of EnergyTrading is fixed to.
struct TradingParameters {
    IRegistry registry;
    /// @dev The settlement currency, with 6 decimals.
    IERC20 token;
    /// @dev GridBalancing: the only one that may adjust accounts.
    address grid;
    /// @dev EnergyDelivery: it judges what needs more than a clearing's own book, and delivers certificates.
    address delivery;
    /// @dev How many intervals positions are kept for before their slots are used again; even.
    uint32 ringSize;
    /// @dev Seconds until a withdrawal is paid and a cancellation counts; zero for at once.
    uint32 noticeSeconds;
    /// @dev Seconds after a clearing opened in which its operator can be complained about.
    uint32 complaintSeconds;
    /// @dev What a proven complaint takes from an operator's bond.
    uint64 penaltyMicro;
    address feeRecipient;
}

/// @notice A signed cap on a position: "in this market, in intervals fromInterval to fromInterval + count - 1, what I
/// bought (or sold) may reach at most capWh each, at this limit price or a better one".
struct Order {
    address account;
    bytes32 market;
    /// @dev Buy 0, sell 1.
    uint8 side;
    uint64 capWh;
    /// @dev Micro-units of the settlement currency per kWh, below 2**48.
    uint64 limitPriceMicroPerKwh;
    /// @dev Below 2**32.
    uint64 fromInterval;
    uint32 count;
    /// @dev The market's: bit i allows certificates of source i; zero unless bundled.
    uint8 sourceMask;
    /// @dev The market's: whether certificates come with the energy.
    bool bundled;
    /// @dev The account's epoch, see `cancelAll`.
    uint32 epoch;
    uint256 salt;
}

/// @notice What of an order is filled. It carries only what orders of one market can differ in, because calldata is a
/// third of what a fill costs; the rest of the signed order is the clearing's own.
/// @dev `r` and `vs` are the order's signature in its compact form (EIP-2098). With `r` zero, `vs` says why the order
/// counts: zero when it was posted, otherwise the 1-based place of an ERC-1271 signature beside the fills.
struct Fill {
    address account;
    PackedTerms terms;
    uint256 salt;
    bytes32 r;
    bytes32 vs;
}

/// @notice An account of the ledger.
struct Account {
    /// @dev Micro-units that it may spend.
    uint256 cashMicro;
    /// @dev Micro-units that it owes the grid; while it does it has no cash and no order of it is filled.
    uint256 debtMicro;
    uint32 epoch;
    /// @dev The last interval whose imbalance was settled.
    uint64 settledThrough;
    /// @dev Unix seconds at which its cash last grew.
    uint64 increasedAt;
    /// @dev Whether it ever owed the grid.
    bool hasOwed;
}

/// @notice What an account got back when its fills in open clearings were unwound, as long as nothing came to it since:
/// so a court sees through the growth of its cash to what was there before.
struct Refund {
    /// @dev Whose clearings they were; of several operators the last.
    uint16 operatorId;
    /// @dev Unix seconds at which the earliest of this operator's opened.
    uint40 openedAt;
    /// @dev Unix seconds of the last refund. Older than the account's `increasedAt`, all of this is void.
    uint40 unwoundAt;
    /// @dev The account's `increasedAt` before the first.
    uint40 formerIncreasedAt;
    /// @dev Cash that was there without the refunds, at most 2**56 - 1.
    uint56 keptMicro;
    /// @dev The same with this operator's refunds.
    uint56 keptAndRefundedMicro;
}

/// @notice What an account sold and bought in (market, t).
struct Position {
    uint256 soldWh;
    uint256 boughtWh;
    /// @dev Proceeds that wait for settlement or delivery.
    uint256 escrowMicro;
    uint256 paidMicro;
}

/// @notice The state of (market, t). None also after it was unwound.
enum ClearingState {
    None,
    Open,
    Closed
}

/// @notice One uniform price in (market, t).
struct ClearingView {
    ClearingState state;
    uint64 priceMicroPerKwh;
    /// @dev What buyers paid beyond sellers' escrow so far: fee and rounding.
    uint256 heldMicro;
    /// @dev Wh bought beyond what is sold so far.
    uint256 surplusWh;
    /// @dev Accounts with a position, while it is open.
    uint256 positions;
    /// @dev Unix seconds.
    uint64 openedAt;
    uint16 operatorId;
    /// @dev Leading 240 bits of the root over the order book; zero after the operator was slashed for it.
    bytes32 bookRoot;
}

/// @notice What the governor sets.
struct TradingRules {
    uint48 floorPriceMicroPerKwh;
    uint48 capPriceMicroPerKwh;
    /// @dev The corridor while the community is an island.
    uint48 islandFloorPriceMicroPerKwh;
    uint48 islandCapPriceMicroPerKwh;
    uint16 feeBps;
    /// @dev Unix seconds at which a corridor was last set.
    uint40 corridorSetAt;
}

/// @title IEnergyTrading
/// @notice A ledger of cash, signed orders, and their clearing at one price for each market and interval.
/// @dev Money is in micro-units of the settlement currency, prices in micro-units per kWh. A buyer's cost is rounded
/// up and a seller's proceeds down; the difference goes to the fees. At every moment the contract's balance of the
/// token is the sum of cash, escrow, what open clearings hold, fees and bonds. See `Markets` for the ids of markets.
interface IEnergyTrading {
    // EVENTS

    /// @notice Money came in.
    event Deposited(address indexed account, address indexed payer, uint256 micro);
    /// @notice An account may withdraw up to `micro` from `readyAt` (unix seconds) on.
    event WithdrawalRequested(address indexed account, uint256 micro, uint64 readyAt);
    /// @notice Money went out.
    event Withdrawn(address indexed account, address indexed to, uint256 micro);
    /// @notice The grid moved money from (below zero) or to an account for its imbalance through interval `through`.
    event Adjusted(address indexed account, int256 movedMicro, uint256 debtMicro, uint64 through);
    /// @notice Part of an account's debt was paid out of money that came to it.
    event DebtPaid(address indexed account, uint256 micro, uint256 leftMicro);

    /// @notice An order was made public. Its book must hold it from a notice later on.
    event OrderPosted(bytes32 indexed digest, address indexed account, bytes32 indexed market, Order order);
    /// @notice An order does not count in clearings opened from `effectiveFrom` (unix seconds) on.
    event OrderCancelled(bytes32 indexed digest, address indexed account, uint64 effectiveFrom);
    /// @notice No order of the former epoch counts in clearings opened from `effectiveFrom` (unix seconds) on.
    event EpochAdvanced(address indexed account, uint32 epoch, uint64 effectiveFrom);

    /// @notice A clearing opened.
    event ClearingOpened(
        bytes32 indexed market,
        uint64 indexed t,
        uint16 indexed operatorId,
        uint64 priceMicroPerKwh,
        bytes32 bookRoot
    );
    /// @notice Orders were filled.
    /// @param fills Each the account in the highest 160 bits, the side in the next 8, Wh in the lowest 64.
    event Filled(
        bytes32 indexed market, uint64 indexed t, uint64 priceMicroPerKwh, uint16 feeBps, uint256[] fills
    );
    /// @notice Escrow of an earlier interval was paid to accounts whose slot interval `t` uses now.
    /// @param releases Each the account in the highest 160 bits, micro-units in the lowest 96.
    event StaleReleased(bytes32 indexed market, uint64 indexed t, uint256[] releases);
    /// @notice A clearing closed; what it held beyond the sellers' escrow went to the fees.
    event Cleared(bytes32 indexed market, uint64 indexed t, uint64 priceMicroPerKwh, uint256 feesMicro);
    /// @notice An account's fills in an open clearing were taken back.
    event Unwound(bytes32 indexed market, uint64 indexed t, address indexed account, uint256 refundMicro);
    /// @notice Nothing was left in an open clearing, and it is gone: (market, t) may be opened again.
    event ClearingUnwound(bytes32 indexed market, uint64 indexed t);
    /// @notice Escrow was paid to its account.
    event Collected(bytes32 indexed market, address indexed account, uint64[] ts, uint256 micro);

    /// @notice The fee changed.
    event FeeSet(uint16 feeBps);
    /// @notice A price corridor changed.
    event CorridorSet(bool indexed island, uint64 floorPriceMicroPerKwh, uint64 capPriceMicroPerKwh);
    /// @notice The fees go to another account.
    event FeeRecipientSet(address indexed feeRecipient);
    /// @notice Fees became cash of their recipient.
    event FeesCollected(address indexed feeRecipient, uint256 micro);

    // ERRORS

    error BadRingSize(uint32 ringSize);
    error BadComplaintSeconds(uint256 complaintSeconds, uint256 longest);
    error BadDecimals(uint8 decimals);
    error NothingToMove();
    error NotYourAccount(address caller, address account);
    error WrongAmountReceived(uint256 receivedMicro, uint256 expectedMicro);
    error NoWithdrawalRequested(address account);
    error NoticeRunning(uint256 readyAt);
    error NotAReceiver(address to);
    error NotGrid(address caller);
    error NoImbalanceOf(address account);

    error NotOrderAccount(address caller, address account);
    error BadSide(uint256 side);
    error OrderNotOfMarket(bytes32 market);
    error OrderTooLarge(uint64 limitPriceMicroPerKwh, uint64 fromInterval);
    error AlreadyPosted(bytes32 digest);
    error AlreadyCancelled(bytes32 digest);
    error CancelPending(address account, uint256 effectiveFrom);
    error BadOrderSignature(address account, bytes32 digest);
    error OrderNotPosted(bytes32 digest);
    error OrderWasCancelled(bytes32 digest);
    error WrongEpoch(address account, uint256 epoch, uint256 accountEpoch);
    error OutsideWindow(uint64 t, uint256 fromInterval, uint256 count);

    error NotClearingOperator(address caller);
    error NotOpener(bytes32 market, uint64 t, address caller);
    error ClearingStopped();
    error TooEarlyToClear(bytes32 market, uint64 t);
    error TooLateToClear(bytes32 market, uint64 t);
    error PriceOutsideCorridor(uint256 priceMicroPerKwh, uint256 floor, uint256 cap);
    error ClearingExists(bytes32 market, uint64 t);
    error SlotBusy(bytes32 market, uint64 openInterval);
    error ClearingNotOpen(bytes32 market, uint64 t);
    error ClearingNotClosed(bytes32 market, uint64 t);
    error OpenTooLong(bytes32 market, uint64 t, uint256 until);
    error NothingToFill(address account);
    error LimitNotMet(address account, uint256 limitPriceMicroPerKwh, uint256 priceMicroPerKwh);
    error OverCap(address account, uint256 wh, uint256 capWh);
    error OverSellCap(address account, uint256 wh, uint256 sellCapWh);
    error InDebt(address account, uint256 debtMicro);
    error NotThePair(bytes32 market, address buyer, address seller);
    error SoldBeyondBought(uint256 soldWh, uint256 boughtWh);
    error NotBalanced(uint256 surplusWh);
    error NothingCleared(bytes32 market, uint64 t);
    error NoPosition(bytes32 market, uint64 t, address account);

    error NotSettled(address account, uint64 t);
    error ClearingStillOpen(bytes32 market, uint64 t);
    error PaidByDelivery(bytes32 market);
    error NothingToCollect(bytes32 market, address account);

    error FeeTooHigh(uint256 feeBps, uint256 maxFeeBps);
    error BadCorridor(uint256 floor, uint256 cap);

    // LEDGER

    /// @notice Adds to the caller's cash, or to that of the grid. To nobody else's: an account whose cash grew after a
    /// clearing opened cannot complain of having been left out, and a gift should not silence it. What is the account's
    /// own still comes to it by others' hands, and silences it until the next clearing: escrow that somebody collects
    /// for it, a settlement, a dispute's end, a bundle's refund, a penalty. A buyer who means to complain collects
    /// first, and complains before anybody pays him.
    function deposit(uint256 micro, address account) external;

    /// @notice The same with an EIP-2612 permit of the caller. A permit that somebody used before does no harm.
    function depositWithPermit(
        uint256 micro,
        address account,
        uint256 deadline,
        uint8 v,
        bytes32 r,
        bytes32 s
    ) external;

    /// @notice Announces a withdrawal of the caller's cash, in place of one announced before. A clearing operator
    /// counts the announced money as gone.
    function requestWithdrawal(uint256 micro) external;

    /// @notice Pays the caller what he announced a notice ago, or what is left of it.
    function withdraw(address to) external;

    /// @notice Moves imbalance money between the grid's own account and another. Only by the grid. A debit takes cash
    /// and makes the rest debt; a credit pays debt and then at most what the grid has.
    /// @param deltaMicro Below zero for a debit.
    /// @param through The interval up to which the account is settled then.
    /// @return movedMicro What of it moved; a debit moves whole.
    /// @return debtMicro What the account owes now.
    function adjust(address account, int256 deltaMicro, uint64 through)
        external
        returns (int256 movedMicro, uint256 debtMicro);

    // ORDERS

    /// @notice Makes an order public, so that no operator can leave it out of a book he opens a notice later or
    /// after. A posted order needs no signature any more.
    /// @param signature 65 bytes of secp256k1 or an ERC-1271 signature; empty when the account itself posts.
    function post(Order calldata order, bytes calldata signature) external;

    /// @notice Cancels one order for clearings opened a notice from now or later. Only by its account.
    function cancel(Order calldata order) external;

    /// @notice Cancels all orders of the caller's epoch for clearings opened a notice from now or later, by giving him
    /// a new epoch, which nobody could have known before. One such change can be pending.
    function cancelAll() external;

    // CLEARING

    /// @notice Opens the clearing of (market, t) at a price. Spot markets after the interval's end and no later than
    /// half a ring, others before it begins and no earlier than half a ring.
    /// @param bookRoot The operator's attestation to how far each order of his book could be filled: root of a tree of
    /// sorted pairs over keccak256(keccak256(abi.encode(account, side, eligibleWh, limitPriceMicroPerKwh))).
    function open(bytes32 market, uint64 t, uint64 priceMicroPerKwh, bytes32 bookRoot) external;

    /// @notice Fills orders in the caller's open clearing, until half the time for complaints about it has passed.
    /// After each call no more is sold than bought; in a pair market each has one buyer and one seller.
    /// @param signatures ERC-1271 signatures that fills refer to.
    function fill(bytes32 market, uint64 t, Fill[] calldata fills, bytes[] calldata signatures) external;

    /// @notice Closes the caller's open clearing, in which as much was sold as bought. One without a position is only
    /// unwound, so that nobody ends a market's interval with nothing in it.
    function close(bytes32 market, uint64 t) external;

    /// @notice `open`, `fill` and `close` in one; not without fills.
    function clear(
        bytes32 market,
        uint64 t,
        uint64 priceMicroPerKwh,
        bytes32 bookRoot,
        Fill[] calldata fills,
        bytes[] calldata signatures
    ) external;

    /// @notice Takes back what accounts bought and sold in an open clearing: by its operator at any time, by anyone an
    /// hour after it opened. After each call no more is sold than bought, so sellers come first. Without positions
    /// the clearing is gone and may be opened again. A refund does not take from a buyer the complaint that he was left
    /// out, see `refundOf`.
    function unwind(bytes32 market, uint64 t, address[] calldata accounts) external;

    // ESCROW

    /// @notice Pays an account its escrow of closed clearings whose intervals are settled for it, or half a ring old.
    /// Anyone may ask for it. What it owes the grid is paid first. Bundled markets pay on delivery instead.
    function collect(bytes32 market, uint64[] calldata ts, address account) external;

    // GOVERNOR

    /// @notice Sets the fee that sellers pay, in basis points of their proceeds. Delayed.
    function setFee(uint16 feeBps) external;

    /// @notice Sets the corridor of prices, for a community on the grid or as an island. Delayed.
    function setCorridor(bool island, uint48 floorPriceMicroPerKwh, uint48 capPriceMicroPerKwh) external;

    /// @notice Sets whose account the fees go to. Delayed.
    function setFeeRecipient(address feeRecipient) external;

    /// @notice Makes the fees cash of their recipient. By anyone.
    function collectFees() external;

    // VIEWS

    function token() external view returns (IERC20);

    /// @notice The contract that may adjust accounts, and whose account pays and takes imbalance money.
    function grid() external view returns (address);

    /// @notice The contract that may slash, and move escrow of closed clearings; disputed money, and what goes back
    /// to buyers of a bundle, is cash of its account.
    function delivery() external view returns (address);

    function ringSize() external view returns (uint32);

    function noticeSeconds() external view returns (uint32);

    function complaintSeconds() external view returns (uint32);

    function penaltyMicro() external view returns (uint64);

    function rules() external view returns (TradingRules memory);

    /// @notice Who receives the fees, and how much waits for him.
    function fees() external view returns (address feeRecipient, uint256 micro);

    function accountOf(address account) external view returns (Account memory);

    /// @notice What came back to an account from unwound clearings; void unless its `unwoundAt` is the account's
    /// `increasedAt`.
    function refundOf(address account) external view returns (Refund memory);

    /// @notice What an account announced to withdraw, and from when (unix seconds) it may; zero when nothing.
    function withdrawalOf(address account) external view returns (uint256 micro, uint64 readyAt);

    /// @notice An account's former epoch, which counts in clearings opened before `effectiveFrom` (unix seconds).
    function formerEpochOf(address account) external view returns (uint32 epoch, uint64 effectiveFrom);

    /// @notice All zero where the account has no position in (market, t), or no more.
    function positionOf(bytes32 market, uint64 t, address account) external view returns (Position memory);

    /// @notice All zero where (market, t) was not cleared, or its slot was used again.
    function clearingOf(bytes32 market, uint64 t) external view returns (ClearingView memory);

    /// @notice Unix seconds at which an order was posted; zero when it was not.
    function postedAt(bytes32 digest) external view returns (uint64);

    /// @notice Unix seconds from which on clearings that open do not count an order; zero when it is not cancelled.
    function cancelledFrom(bytes32 digest) external view returns (uint64);

    /// @notice What an account signs.
    function orderDigest(Order calldata order) external view returns (bytes32);

    function domainSeparator() external view returns (bytes32);
}
