// SPDX-License-Identifier: MIT
pragma solidity 0.8.34;

import {IERC1155} from "@openzeppelin/contracts/token/ERC1155/IERC1155.sol";
import {IERC1155Receiver} from "@openzeppelin/contracts/token/ERC1155/IERC1155Receiver.sol";

/// @notice The certificates of what was traded in (market, t) of a bundled market.
struct Bundle {
    uint256 tradedWh;
    /// @dev Delivered by sellers, or reclaimed from them.
    uint256 settledWh;
    /// @dev Of buyers who took their share.
    uint256 takenWh;
    /// @dev Reclaimed from sellers and not taken yet.
    uint256 refundMicro;
    /// @dev Certificates that wait for buyers, Wh by source.
    uint256[6] poolWh;
    /// @dev The last second of delivery, unix seconds; zero where nothing was cleared, or its slot was used again.
    uint64 deliverBy;
}

/// @title IBundles
/// @notice Energy sold together with its certificates: a seller is paid as he delivers certificates of the interval's
/// day, of the market's sources, real or simulated as the market says; each buyer takes his share of all that was
/// delivered, and of the money of whoever did not deliver.
///
/// Delivery lasts seven days after the interval's end, or after the clearing opened where that is later; a quarter of
/// the ring where that is shorter. Then anybody may reclaim what a seller did not deliver. Buyers take once everything
/// sold is delivered or reclaimed, so that it makes no difference who comes first. The market's place of the ring is
/// not used again before that. A buyer's share waits for him until he buys or sells in the interval that takes its place:
/// for a quarter of the ring after the time for delivery, at least.
interface IBundles is IERC1155Receiver {
    // EVENTS

    /// @notice A seller delivered certificates and was paid for them.
    event Delivered(
        bytes32 indexed market,
        uint64 indexed t,
        address indexed seller,
        uint256[] ids,
        uint256[] wh,
        uint256 paidMicro
    );
    /// @notice What a seller did not deliver in time will go back to the buyers.
    event Reclaimed(
        bytes32 indexed market, uint64 indexed t, address indexed seller, uint256 wh, uint256 micro
    );
    /// @notice A buyer took his share of certificates and of reclaimed money.
    event Taken(
        bytes32 indexed market,
        uint64 indexed t,
        address indexed buyer,
        address to,
        uint256[] ids,
        uint256[] wh,
        uint256 refundMicro
    );

    // ERRORS

    error NotBundled(bytes32 market);
    error NotSellerOrApproved(address caller, address seller);
    error DeliveryOver(uint256 deliverBy);
    error DeliveryRunning(uint256 deliverBy);
    error LengthsDiffer(uint256 ids, uint256 wh);
    error WrongCertificate(uint256 id, bytes32 market, uint64 t);
    error DeliveredTooMuch(uint256 wh, uint256 owedWh);
    error NothingToDeliver(address seller);
    error NothingToReclaim(address seller);
    error NotAllDelivered(bytes32 market, uint64 t, uint256 missingWh);
    error NothingToTake(address account);
    error NotTheBuyer(address caller, address buyer);
    error UnexpectedCertificates(address token, address operator);

    // FUNCTIONS

    /// @notice Delivers certificates of a seller, who let this contract transfer them, and pays him for them in
    /// proportion to what he owes. By the seller or by whom he let transfer his certificates.
    function deliver(bytes32 market, uint64 t, address seller, uint256[] calldata ids, uint256[] calldata wh)
        external;

    /// @notice After the time for delivery, gives the pay for what a seller did not deliver back to the buyers. The
    /// fee stays where it is. By anyone, but not while the registry is paused: who cannot mint cannot deliver.
    function reclaim(bytes32 market, uint64 t, address seller) external;

    /// @notice Gives a buyer his share: certificates to `to`, reclaimed money to his cash. By anyone, but certificates
    /// go to another address by the buyer's own word only. The last to take takes what rounding left.
    function take(bytes32 market, uint64 t, address account, address to) external;

    // VIEWS

    /// @notice Reverts unless everything sold in (market, t) was delivered or reclaimed. The market's clearing asks
    /// before it uses the interval's place of the ring again.
    /// @return tradedWh All that was sold.
    function requireDelivered(bytes32 market, uint64 t) external view returns (uint256 tradedWh);

    /// @notice The certificates that are delivered.
    function certificates() external view returns (IERC1155);

    function bundleOf(bytes32 market, uint64 t) external view returns (Bundle memory);

    /// @notice Wh that a seller delivered in (market, t), or that were reclaimed from him.
    function deliveredWh(bytes32 market, uint64 t, address seller) external view returns (uint256);
}
